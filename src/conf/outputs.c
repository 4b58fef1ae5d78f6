/* SPDX-License-Identifier: BSD-2-Clause */
/* The `plugins` line: `type[name], type, ...`, pmacct's types. */
#include "conf/outputs.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "core/names.h"

static const struct {
	const char *type;
	bool built;			/* this build has it */
	bool routes;			/* takes routes as well */
} types[] = {
	{ "amqp", false, false },
	{ "kafka", false, false },
	{ "memory", true, false },
	{ "mongodb", false, false },
	{ "mysql", WB_HAVE_MYSQL, true },
	{ "nfprobe", false, false },
	{ "pgsql", WB_HAVE_PGSQL, true },
	{ "print", true, false },
	{ "sfprobe", false, false },
	{ "sqlite3", true, true },
	{ "tee", false, false },
};

static const char *
nth_type(const void *ctx, size_t i)
{
	(void)ctx;
	return types[i].type;
}

/* Is it a type we have? Says why not. */
static bool
known_type(const char *type, const struct conf_line *line, struct conf_notes *notes)
{
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].type, type) != 0)
			continue;
		if (!types[i].built)
			conf_note(notes, CONF_NOTE_ERROR, line->file, line->line,
			    "plugins: output type %s is not supported by this build", type);
		return types[i].built;
	}
	near = nearest_word(type, nth_type, NULL, ARRAY_LEN(types));
	conf_note(notes, CONF_NOTE_ERROR, line->file, line->line,
	    "plugins: unknown output type %s%s%s%s", type, near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");
	return false;
}

/* Says it of a type that is none for a daemon without flows. */
static bool
takes_routes(const char *type, const struct conf_line *line, struct conf_notes *notes)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].routes && strcmp(types[i].type, type) == 0)
			return true;
	conf_note(notes, CONF_NOTE_WARNING, line->file, line->line,
	    "plugins: %s takes no routes, and there are no flows. Ignored.", type);
	return false;
}

static void
add(struct outputs *outputs, const char *type, const char *name)
{
	outputs->output = mem_grow(outputs->output, outputs->count + 1, sizeof(*outputs->output));
	outputs->output[outputs->count++] =
	    (struct conf_output){ mem_strdup(type), mem_strdup(name) };
}

static void
take_token(struct outputs *outputs, char *token, bool flows, const struct conf_line *line,
    struct conf_notes *notes)
{
	char *open = strchr(token, '['), *close = strchr(token, ']');
	struct sbuf name = { 0 };
	size_t at;

	if ((open == NULL) != (close == NULL) || (open != NULL &&
	    (close < open || close[1] != '\0' || strchr(open + 1, '[') != NULL))) {
		conf_note(notes, CONF_NOTE_ERROR, line->file, line->line,
		    "syntax error: plugins takes type[name], not %s", token);
		return;
	}
	if (open != NULL)
		*open = *close = '\0';
	token = conf_trim(token);
	for (char *c = token; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (open != NULL)
		sbuf_str(&name, conf_trim(open + 1));
	else
		sbuf_printf(&name, "default_%s", token);
	if ((!flows && !takes_routes(token, line, notes)) || !known_type(token, line, notes))
		;
	else if (name.len == 0)
		conf_note(notes, CONF_NOTE_ERROR, line->file, line->line,
		    "syntax error: plugins: %s[] has no name", token);
	else if (outputs_find(outputs, sbuf_text(&name), &at))
		conf_note(notes, CONF_NOTE_WARNING, line->file, line->line,
		    "another plugin with the same name '%s' already exists. Preserving first.",
		    sbuf_text(&name));
	else
		add(outputs, token, sbuf_text(&name));
	sbuf_done(&name);
}

void
outputs_parse(struct outputs *outputs, bool flows, const struct conf_line *line,
    struct conf_notes *notes)
{
	char *copy, *rest, *token;

	if (line == NULL) {
		if (flows)
			add(outputs, "memory", "default_memory");
		return;
	}
	copy = rest = mem_strdup(line->value);
	while ((token = strsep(&rest, ",")) != NULL) {
		token = conf_trim(token);
		if (*token != '\0')
			take_token(outputs, token, flows, line, notes);
	}
	mem_free(copy);
	if (flows && outputs->count == 0 && notes->errors == 0)
		conf_note(notes, CONF_NOTE_ERROR, line->file, line->line,
		    "plugins names no output");
}

void
outputs_done(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->count; i++) {
		mem_free((void *)(uintptr_t)outputs->output[i].type);
		mem_free((void *)(uintptr_t)outputs->output[i].name);
	}
	mem_free(outputs->output);
}

bool
outputs_find(const struct outputs *outputs, const char *name, size_t *ret)
{
	for (size_t i = 0; i < outputs->count; i++)
		if (strcmp(outputs->output[i].name, name) == 0) {
			*ret = i;
			return true;
		}
	return false;
}

static const char *
nth_name(const void *ctx, size_t i)
{
	return ((const struct outputs *)ctx)->output[i].name;
}

const char *
outputs_nearest(const struct outputs *outputs, const char *name)
{
	return nearest_word(name, nth_name, outputs, outputs->count);
}

void
outputs_print(const struct outputs *outputs, struct sbuf *b)
{
	for (size_t i = 0; i < outputs->count; i++)
		sbuf_printf(b, "%s%s[%s]", i == 0 ? "plugins: " : ", ", outputs->output[i].type,
		    outputs->output[i].name);
	if (outputs->count > 0)
		sbuf_char(b, '\n');
}
