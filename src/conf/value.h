/* SPDX-License-Identifier: BSD-2-Clause */
/* Values: whether they are what the key's row asks for, and their canonical form. */
#ifndef WB_CONF_VALUE_H
#define WB_CONF_VALUE_H

#include "conf/conf.h"

struct conf_value {
	char *text;			/* canonical; of mem_new */
	int64_t number;			/* of types that have one; the first of a list of ports */
};

/* -1 with the rule that was broken in err ("takes true or false"). */
int	conf_value_parse(const struct conf_key *key, const char *text, struct conf_value *ret,
	    struct sbuf *err);

/* Does a list of words separated by | hold this one? Letters of either case. */
bool	conf_word_in(const char *words, const char *word, size_t len);

/* The rule of a key in words, for people: "true or false", "1 to 65535". */
void	conf_value_rule(const struct conf_key *key, struct sbuf *b);

#endif
