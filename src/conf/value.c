/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One parser per type of value: text in, canonical text and number out. A parser says no, and the
 * rule is said once, from the same row (conf_value_rule), so message and manual agree.
 */
#include "conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/lines.h"
#include "core/mem.h"
#include "core/names.h"
#include "net/addr.h"

bool
conf_word_in(const char *words, const char *word, size_t len)
{
	while (words != NULL) {
		const char *bar = strchr(words, '|');
		size_t n = bar != NULL ? (size_t)(bar - words) : strlen(words);

		if (n == len && strncasecmp(words, word, n) == 0)
			return true;
		words = bar != NULL ? bar + 1 : NULL;
	}
	return false;
}

static bool
in_range(const struct conf_key *key, int64_t n)
{
	if (key->min == 0 && key->max == 0)
		return true;
	return n >= key->min && (key->max == 0 || n <= key->max);
}

static int
parse_number(const struct conf_key *key, const char *text, int base, struct conf_value *ret)
{
	char canonical[32];
	char *end;
	long long n;

	if (!isdigit((unsigned char)text[text[0] == '-']))
		return -1;
	errno = 0;
	n = strtoll(text, &end, base);
	if (errno != 0 || *end != '\0' || !in_range(key, n))
		return -1;
	snprintf(canonical, sizeof(canonical), base == 8 ? "%03llo" : "%lld", n);
	*ret = (struct conf_value){ mem_strdup(canonical), n };
	return 0;
}

static int
parse_int(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return parse_number(key, text, 10, ret);
}

static int
parse_octal(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return parse_number(key, text, 8, ret);
}

static int
parse_bool(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	bool yes = strcasecmp(text, "true") == 0;

	(void)key;
	if (!yes && strcasecmp(text, "false") != 0)
		return -1;
	*ret = (struct conf_value){ mem_strdup(yes ? "true" : "false"), yes };
	return 0;
}

/* N and a unit, seconds where there is none. A month counts as 30 days in the number. */
static int
parse_span(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	static const struct { char unit; int64_t s; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
		{ 'M', 2592000 }, { '\0', 1 },
	};
	char canonical[32];
	char *end;
	long long n;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || n < 1 || n > 1000000 || (end[0] != '\0' && end[1] != '\0'))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (units[i].unit == *end && in_range(key, n * units[i].s)) {
			snprintf(canonical, sizeof(canonical), "%lld%c", n,
			    *end != '\0' ? *end : 's');
			*ret = (struct conf_value){ mem_strdup(canonical), n * units[i].s };
			return 0;
		}
	return -1;
}

static int
parse_text(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	if (key->words != NULL && strspn(text, key->words) != strlen(text))
		return -1;
	*ret = (struct conf_value){ mem_strdup(text), 0 };
	return 0;
}

static int
parse_word(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	if (!conf_word_in(key->words, text, strlen(text)))
		return -1;
	*ret = (struct conf_value){ mem_strdup(text), 0 };
	for (char *c = ret->text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

/* One character, or \t or \s for a tab or a space. */
static int
parse_char(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	char c = text[0];

	(void)key;
	if (strcmp(text, "\\t") == 0)
		c = '\t';
	else if (strcmp(text, "\\s") == 0)
		c = ' ';
	else if (text[1] != '\0')
		return -1;
	*ret = (struct conf_value){ mem_strdup(text), (unsigned char)c };
	return 0;
}

/* Hand each element of a comma list to `each`, which may change it in place; joined again. */
static int
parse_commas(const struct conf_key *key, const char *text,
    int (*each)(const struct conf_key *key, char *element, int64_t *number),
    struct conf_value *ret)
{
	char *copy = mem_strdup(text), *rest = copy, *element;
	struct sbuf joined = { 0 };
	int64_t number = 0, first = 0;
	int wrong = 0;

	while (wrong == 0 && (element = strsep(&rest, ",")) != NULL) {
		element = conf_trim(element);
		wrong = *element == '\0' ? -1 : each(key, element, &number);
		if (joined.len > 0)
			sbuf_char(&joined, ',');
		else
			first = number;
		sbuf_str(&joined, element);
	}
	if (wrong == 0)
		*ret = (struct conf_value){ mem_strdup(sbuf_text(&joined)), first };
	sbuf_done(&joined);
	mem_free(copy);
	return wrong;
}

static int
each_addr(const struct conf_key *key, char *element, int64_t *number)
{
	struct addr a;

	(void)key;
	(void)number;
	return addr_parse(element, &a);
}

static int
each_port(const struct conf_key *key, char *element, int64_t *number)
{
	char *end;

	(void)key;
	if (!isdigit((unsigned char)element[0]))
		return -1;
	*number = strtol(element, &end, 10);
	return *end == '\0' && *number >= 1 && *number <= 65535 ? 0 : -1;
}

static int
each_word(const struct conf_key *key, char *element, int64_t *number)
{
	(void)number;
	return key->words == NULL || conf_word_in(key->words, element, strlen(element)) ? 0 : -1;
}

static int
parse_addrs(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return parse_commas(key, text, each_addr, ret);
}

static int
parse_ports(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return parse_commas(key, text, each_port, ret);
}

static int
parse_list(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return parse_commas(key, text, each_word, ret);
}

static int
parse_addr(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return strchr(text, ',') != NULL ? -1 : parse_addrs(key, text, ret);
}

static int
parse_port(const struct conf_key *key, const char *text, struct conf_value *ret)
{
	return strchr(text, ',') != NULL ? -1 : parse_ports(key, text, ret);
}

static const struct {
	int (*parse)(const struct conf_key *key, const char *text, struct conf_value *ret);
	const char *rule;
} types[] = {
	[CONF_BOOL]    = { parse_bool,  "true or false" },
	[CONF_INT]     = { parse_int,   "a number" },
	[CONF_SECONDS] = { parse_int,   "seconds" },
	[CONF_SPAN]    = { parse_span,  "a number with a unit of s, m, h, d, w or M" },
	[CONF_TEXT]    = { parse_text,  "text" },
	[CONF_PATH]    = { parse_text,  "a path" },
	[CONF_ADDR]    = { parse_addr,  "an IPv4 or IPv6 address" },
	[CONF_ADDRS]   = { parse_addrs, "IPv4 or IPv6 addresses separated by commas" },
	[CONF_PORT]    = { parse_port,  "a port from 1 to 65535" },
	[CONF_PORTS]   = { parse_ports, "ports from 1 to 65535 separated by commas" },
	[CONF_WORD]    = { parse_word,  "one of" },
	[CONF_LIST]    = { parse_list,  "words separated by commas" },
	[CONF_OCTAL]   = { parse_octal, "an octal number" },
	[CONF_CHAR]    = { parse_char,  "one character, or \\t or \\s" },
};

static void
add_words(const struct conf_key *key, struct sbuf *b)
{
	for (const char *c = key->words; *c != '\0'; c++)
		if (*c == '|')
			sbuf_str(b, ", ");
		else
			sbuf_char(b, *c);
}

void
conf_value_rule(const struct conf_key *key, struct sbuf *b)
{
	sbuf_str(b, types[key->type].rule);
	if (key->words != NULL && key->type == CONF_TEXT) {
		sbuf_printf(b, " made of the letters %s", key->words);
	} else if (key->words != NULL) {
		sbuf_str(b, key->type == CONF_WORD ? " " : ": ");
		add_words(key, b);
	}
	if (key->min == 0 && key->max == 0)
		return;
	if (key->type == CONF_OCTAL) {
		sbuf_printf(b, " from %03" PRIo64, (uint64_t)key->min);
		if (key->max != 0)
			sbuf_printf(b, " to %03" PRIo64, (uint64_t)key->max);
	} else if (key->max != 0) {
		sbuf_printf(b, " from %" PRId64 " to %" PRId64, key->min, key->max);
	} else {
		sbuf_printf(b, ", %" PRId64 " or more", key->min);
	}
}

struct words {
	char **word;
	size_t count;
};

static const char *
nth_word(const void *ctx, size_t i)
{
	return ((const struct words *)ctx)->word[i];
}

/* The nearest allowed word, added as a question. */
static void
add_nearest(const struct conf_key *key, const char *text, struct sbuf *err)
{
	char *copy = mem_strdup(key->words), *rest = copy, *word;
	struct words words = { 0 };
	const char *near;

	while ((word = strsep(&rest, "|")) != NULL) {
		words.word = mem_grow(words.word, words.count + 1, sizeof(*words.word));
		words.word[words.count++] = word;
	}
	near = nearest_word(text, nth_word, &words, words.count);
	if (near != NULL)
		sbuf_printf(err, " (did you mean %s?)", near);
	mem_free(words.word);
	mem_free(copy);
}

int
conf_value_parse(const struct conf_key *key, const char *text, struct conf_value *ret,
    struct sbuf *err)
{
	struct conf_value value;

	if (text[0] == '\0') {
		sbuf_str(err, "has no value; it takes ");
		conf_value_rule(key, err);
		return -1;
	}
	if (key->lacking != NULL && conf_word_in(key->lacking, text, strlen(text))) {
		sbuf_quoted(err, text, strlen(text));
		sbuf_str(err, " is not supported by this build; it takes ");
		conf_value_rule(key, err);
		return -1;
	}
	if (types[key->type].parse(key, text, &value) != 0) {
		sbuf_str(err, "takes ");
		conf_value_rule(key, err);
		sbuf_str(err, ", not ");
		sbuf_quoted(err, text, strlen(text));
		if (key->type == CONF_WORD)
			add_nearest(key, text, err);
		return -1;
	}
	*ret = value;
	return 0;
}
