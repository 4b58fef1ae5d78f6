/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names are expanded in one pass from left to right, so that nothing that was put in is looked at
 * again. A '%' in front of anything but a time conversion, and a '$' in front of anything but a
 * variable, stand for themselves. Values that come from the network are made harmless in a path.
 */
#include "out/dynname.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/mem.h"

static const char conversions[] = "aAbBdeFgGHIjklmMpRsSTuUVwWyYzZ";

static const struct plan_field *
field_by_word(const struct plan *plan, const char *word)
{
	for (size_t i = 0; i < plan->fields; i++)
		if (strcmp(plan->field[i].prim->word, word) == 0)
			return &plan->field[i];
	return NULL;
}

static void
put_row_number(const struct dynname_env *env, const char *word, struct sbuf *out)
{
	const struct plan_field *field = NULL;
	struct value v = { 0 };

	if (env->rs != NULL)
		field = field_by_word(env->rs->plan, word);
	if (field != NULL)
		rowset_value(env->rs, env->row, field, &v);
	sbuf_u64(out, v.u);
}

static void
put_tag(const struct dynname_env *env, struct sbuf *out)
{
	put_row_number(env, "tag", out);
}

static void
put_tag2(const struct dynname_env *env, struct sbuf *out)
{
	put_row_number(env, "tag2", out);
}

static void
put_post_tag(const struct dynname_env *env, struct sbuf *out)
{
	sbuf_u64(out, env->post_tag);
}

static void
put_post_tag2(const struct dynname_env *env, struct sbuf *out)
{
	sbuf_u64(out, env->post_tag2);
}

static void
put_refresh(const struct dynname_env *env, struct sbuf *out)
{
	sbuf_printf(out, "%lld", (long long)env->refresh_s);
}

static void
put_history(const struct dynname_env *env, struct sbuf *out)
{
	sbuf_printf(out, "%lld", (long long)env->history_s);
}

static void
put_peer_src_ip(const struct dynname_env *env, struct sbuf *out)
{
	const struct plan_field *field = NULL;
	char text[ADDR_TEXT];
	struct value v;

	if (env->rs != NULL)
		field = field_by_word(env->rs->plan, "peer_src_ip");
	if (field == NULL) {
		sbuf_str(out, "null");
		return;
	}
	rowset_value(env->rs, env->row, field, &v);
	addr_text(&v.addr, text);
	for (char *p = text; *p != '\0'; p++)
		sbuf_char(out, *p == '.' || *p == ':' ? '_' : *p);
}

static void
broken_down(const struct dynname_env *env, struct tm *ret)
{
	time_t sec = (time_t)wall_sec(env->time);

	if (env->utc)
		gmtime_r(&sec, ret);
	else
		localtime_r(&sec, ret);
}

static void
put_tzone(const struct dynname_env *env, struct sbuf *out)
{
	char zone[16] = "";
	struct tm tm;

	if (env->utc) {
		sbuf_char(out, 'Z');
		return;
	}
	broken_down(env, &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	sbuf_printf(out, "%.3s:%s", zone, zone + (strlen(zone) > 3 ? 3 : 0));
}

/* Longer words before those they begin with. */
static const struct variable {
	const char *word;
	void (*put)(const struct dynname_env *env, struct sbuf *out);
	bool of_row;
} variables[] = {
	{ "peer_src_ip", put_peer_src_ip, true },
	{ "post_tag2", put_post_tag2, false },
	{ "post_tag", put_post_tag, false },
	{ "tag2", put_tag2, true },
	{ "tag", put_tag, true },
	{ "tzone", put_tzone, false },
	{ "ref", put_refresh, false },
	{ "hst", put_history, false },
};

/* The variable whose word stands at p, or NULL. */
static const struct variable *
variable_at(const char *p)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (strncmp(p, variables[i].word, strlen(variables[i].word)) == 0)
			return &variables[i];
	return NULL;
}

/* The format is made of one conversion of the list above: no literal, but nothing foreign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
put_time(const struct tm *tm, wall_t time, char conversion, struct sbuf *out)
{
	char fmt[3] = { '%', conversion, '\0' }, text[64];

	if (conversion == 's') {	/* strftime would read the broken-down time as local */
		sbuf_printf(out, "%lld", (long long)wall_sec(time));
		return;
	}
	text[strftime(text, sizeof(text), fmt, tm)] = '\0';
	sbuf_str(out, text);
}
#pragma GCC diagnostic pop

void
dynname_expand(const char *pattern, const struct dynname_env *env, struct sbuf *out)
{
	struct tm tm;

	broken_down(env, &tm);
	for (const char *p = pattern; *p != '\0'; p++) {
		const struct variable *var = *p == '$' ? variable_at(p + 1) : NULL;

		if (var != NULL) {
			var->put(env, out);
			p += strlen(var->word);
		} else if (*p == '%' && p[1] != '\0' && strchr(conversions, p[1]) != NULL) {
			put_time(&tm, env->time, *++p, out);
		} else if (*p == '%' && p[1] == '%') {
			sbuf_char(out, *++p);
		} else {
			sbuf_char(out, *p);
		}
	}
}

bool
dynname_has_time(const char *pattern)
{
	for (const char *p = strchr(pattern, '%'); p != NULL && p[1] != '\0'; p = strchr(p + 2, '%'))
		if (strchr(conversions, p[1]) != NULL)
			return true;
	return false;
}

bool
dynname_has_row(const char *pattern)
{
	for (const char *p = strchr(pattern, '$'); p != NULL; p = strchr(p + 1, '$')) {
		const struct variable *var = variable_at(p + 1);

		if (var != NULL && var->of_row)
			return true;
	}
	return false;
}
