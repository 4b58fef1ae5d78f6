/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of src/conf ask the table of keys, beyond conf_keys() and conf_key() of conf.h. */
#ifndef WB_CONF_KEY_TABLE_H
#define WB_CONF_KEY_TABLE_H

#include "conf/conf.h"

size_t	conf_key_number(const struct conf_key *key);	/* its place in conf_keys() */

/* The known key nearest by spelling, or NULL. */
const char *conf_key_nearest(const char *word);

/* Has the key a meaning under this program name? */
bool	conf_key_fits(const struct conf_key *key, enum conf_program program);

/* "nfacctd, sfacctd": whom a key belongs to. */
void	conf_key_programs(const struct conf_key *key, struct sbuf *b);

/*
 * The row that has the default of a variable (or of a word) for an output type, NULL for the one
 * for all: its own where `var` is a word, else of the family the type belongs to. NULL where no
 * row has that variable.
 */
const struct conf_key *conf_key_default(const char *var, const char *output_type);

#endif
