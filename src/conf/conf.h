/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration in pmacct's language: `key: value`, `key[name]: value`, comments by line, and our
 * `include: FILE`. Every key is a row (conf/key_table.h) that says its type, range, default, scope,
 * whether reload takes it, and a line for the manual. Several words may be one variable
 * (print_refresh_time and sql_refresh_time); the last one given for an output wins.
 *
 * A configuration is read whole, checked whole and never changed afterwards; reload makes another.
 */
#ifndef WB_CONF_CONF_H
#define WB_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sbuf.h"

enum conf_type {
	CONF_BOOL, CONF_INT, CONF_SECONDS, CONF_SPAN,	/* SPAN: N[smhdwM], kept as text too */
	CONF_TEXT, CONF_PATH, CONF_ADDR, CONF_ADDRS,	/* ADDRS: comma separated */
	CONF_PORT, CONF_PORTS, CONF_WORD, CONF_LIST, CONF_OCTAL, CONF_CHAR,
};

enum conf_scope {
	CONF_GLOBAL,		/* holds for all; with [name]: accepted, said, holds for all */
	CONF_OUTPUT,		/* per output, or for all where no name is given */
	CONF_OUTPUT_ONLY,	/* only with [name] */
};

/* What becomes of a key. */
enum conf_status {
	CONF_ACTS,		/* does what pmacct's manual says, or better */
	CONF_MOOT,		/* accepted; there is nothing left to tune, and `check` says so */
	CONF_LATER,		/* known function that this build lacks: an error everywhere */
	CONF_DEAD,		/* never had an effect on results: an error under waybilld, a
				   warning under pmacct's names */
};

struct conf_key {
	const char *word;
	const char *var;	/* the variable it sets; words that share one share this */
	enum conf_type type;
	enum conf_scope scope;
	enum conf_status status;
	const char *programs;	/* letters: N nfacctd, S sfacctd, P pmacctd, U uacctd, B pmbgpd,
				   M pmbmpd, W waybilld only (ours); "*" all */
	const char *words;	/* CONF_WORD, CONF_LIST: allowed words, separated by |; CONF_TEXT:
				   the letters it may be made of */
	const char *lacking;	/* CONF_WORD: words of pmacct that this build cannot do, or NULL */
	int64_t min, max;	/* numbers; both 0: no bounds */
	const char *dflt;	/* as it would be written; NULL: none */
	bool reload;		/* `waybill reload` takes a change without a restart */
	const char *doc;
	const char *better;	/* CONF_ACTS, CONF_MOOT: what we do better than pmacct, or NULL */
};

const struct conf_key *conf_keys(size_t *ret_count);	/* sorted by word */
const struct conf_key *conf_key(const char *word);

/* Which program name the daemon runs under: decides inputs, defaults and tolerance. */
enum conf_program {
	CONF_WAYBILLD, CONF_NFACCTD, CONF_SFACCTD, CONF_PMACCTD, CONF_UACCTD, CONF_PMBGPD,
	CONF_PMBMPD, CONF_PROGRAMS,
};

const char *conf_program_name(enum conf_program program);	/* "nfacctd" */

/* All that was found wrong or worth saying, in the order of the file. */
struct conf_note {
	enum { CONF_NOTE_ERROR, CONF_NOTE_WARNING, CONF_NOTE_INFO } kind;
	const char *file;
	unsigned line;
	char *text;		/* names the rule and, for words, the nearest known one */
};

struct conf_notes {
	struct conf_note *note;
	size_t count, errors;
};

void	conf_note(struct conf_notes *notes, int kind, const char *file, unsigned line,
	    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void	conf_notes_print(const struct conf_notes *notes, struct sbuf *b);  /* "file:line: ..." */
void	conf_notes_done(struct conf_notes *notes);

struct conf;

/*
 * Read a configuration: `file` (NULL: none) and then `option` lines, which override it as pmacct's
 * command-line options do ("key: value"). NULL when there was an error; notes has them all.
 */
struct conf *conf_read(enum conf_program program, const char *file, const char *const *option,
	    size_t n_options, struct conf_notes *notes);

/*
 * The same, but never NULL: lines with faults are as if they were not there. For finding the faults
 * that lie behind (a misspelt primitive, a missing file) in the same go; never to be run by.
 */
struct conf *conf_read_faulty(enum conf_program program, const char *file,
	    const char *const *option, size_t n_options, struct conf_notes *notes);
/* Once more in use: conf_free is to be called once more. Any thread. */
struct conf *conf_share(struct conf *conf);
void	conf_free(struct conf *conf);
enum conf_program conf_program(const struct conf *conf);
const char *conf_file(const struct conf *conf);

/* The outputs of the `plugins` line; at least one, but for pmbgpd and pmbmpd, which
   have no flows. */
struct conf_output {
	const char *type;	/* "print", "sqlite3", "memory", ... */
	const char *name;
};

size_t	conf_outputs(const struct conf *conf);
const struct conf_output *conf_output(const struct conf *conf, size_t i);

/*
 * The value of a variable for an output (its own, else the one for all, else the default), or with
 * CONF_ALL the one for all. `var` is a variable or any of the words that set it; where the words
 * have different defaults, a word asks for its own, a variable for the one of the output's type.
 * Asking for a variable that no row has is a fault of ours: assert. Texts live as long as the
 * configuration and are canonical: words in lower case, lists without spaces.
 */
#define CONF_ALL	SIZE_MAX

bool	conf_given(const struct conf *conf, size_t output, const char *var);
const char *conf_text(const struct conf *conf, size_t output, const char *var);	/* NULL: none */
int64_t	conf_int(const struct conf *conf, size_t output, const char *var);	/* 0: none */
bool	conf_bool(const struct conf *conf, size_t output, const char *var);

/* Where the value came from, for messages: "file" and line; 0 for a default. */
unsigned conf_where(const struct conf *conf, size_t output, const char *var, const char **ret_file);

/* Can the file that a path variable names be read? If not, it is a fault of the line that names it. */
bool	conf_can_read(const struct conf *conf, size_t output, const char *var,
	    struct conf_notes *notes);

/* The effective configuration, canonical, one key per line; reads back as the same. */
void	conf_print(const struct conf *conf, struct sbuf *b);

/*
 * What becomes of each key of a pmacct configuration: same, better, nothing to tune, not supported.
 * -1 where the file cannot be read or is no configuration (said in b).
 */
int	conf_compat_report(const char *file, struct sbuf *b);

#endif
