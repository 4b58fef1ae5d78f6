/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests as text. The words are a table that writing and reading share, so the two ends cannot
 * disagree; a word that is not known ends the reading, as does a number beyond its bound.
 */
#include "out/memproto.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define FIRST_LINE	"waybill-memory 1\n"
#define LAST_LINE	"end\n"

static const struct number {
	const char *word;
	size_t at;
	unsigned most;
} numbers[] = {
	{ "op", offsetof(struct memreq, op), MEMREQ_OPS - 1 },
	{ "erase", offsetof(struct memreq, erase), 1 },
	{ "reset", offsetof(struct memreq, reset), 1 },
	{ "sum", offsetof(struct memreq, sum), 1 },
	{ "all", offsetof(struct memreq, all), 1 },
	{ "num_protos", offsetof(struct memreq, num_protos), 1 },
	{ "epoch", offsetof(struct memreq, epoch), 1 },
	{ "utc", offsetof(struct memreq, utc), 1 },
	{ "counter", offsetof(struct memreq, counter), MEMREQ_COUNTERS - 1 },
	{ "sorted", offsetof(struct memreq, sorted), 1 },
	{ "top", offsetof(struct memreq, top), MEMREQ_FLOWS },
	{ "top_n", offsetof(struct memreq, top_n), INT32_MAX },
	{ "separator", offsetof(struct memreq, separator), 0x7e },
};

static const struct text {
	const char *word;
	size_t at;
} texts[] = {
	{ "format", offsetof(struct memreq, format) },
	{ "fields", offsetof(struct memreq, fields) },
};

static unsigned *
number_of(struct memreq *req, const struct number *row)
{
	return (unsigned *)(void *)((char *)req + row->at);
}

static char **
text_of(struct memreq *req, const struct text *row)
{
	return (char **)(void *)((char *)req + row->at);
}

void
memreq_add_query(struct memreq *req, const char *text, size_t len)
{
	char *copy = mem_new(len + 1);

	memcpy(copy, text, len);
	req->query = mem_grow(req->query, req->queries + 1, sizeof(*req->query));
	req->query[req->queries++] = copy;
}

void
memreq_done(struct memreq *req)
{
	for (size_t i = 0; i < req->queries; i++)
		mem_free(req->query[i]);
	mem_free(req->query);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		mem_free(*text_of(req, &texts[i]));
	*req = (struct memreq){ 0 };
}

void
memreq_put(const struct memreq *req, struct sbuf *out)
{
	struct memreq view = *req;

	sbuf_str(out, FIRST_LINE);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (*number_of(&view, &numbers[i]) != 0)
			sbuf_printf(out, "%s %u\n", numbers[i].word, *number_of(&view, &numbers[i]));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (*text_of(&view, &texts[i]) != NULL)
			sbuf_printf(out, "%s %s\n", texts[i].word, *text_of(&view, &texts[i]));
	for (size_t i = 0; i < req->queries; i++)
		sbuf_printf(out, "query %s\n", req->query[i]);
	sbuf_str(out, LAST_LINE);
}

int
memreq_is_whole(const struct sbuf *text)
{
	size_t n = strlen(LAST_LINE);

	if (text->len < n + 1 || memcmp(text->text + text->len - n, LAST_LINE, n) != 0)
		return 0;
	return text->text[text->len - n - 1] == '\n';
}

static int
parse_number(const char *value, unsigned most, unsigned *ret)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)value[0]) || strlen(value) > 10)
		return -1;
	n = strtoul(value, &end, 10);
	if (*end != '\0' || n > most)
		return -1;
	*ret = (unsigned)n;
	return 0;
}

static int
take_line(struct memreq *req, char *line)
{
	char *value = strchr(line, ' ');

	if (value == NULL)
		return -1;
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(line, numbers[i].word) == 0)
			return parse_number(value, numbers[i].most, number_of(req, &numbers[i]));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char **to = text_of(req, &texts[i]);

		if (strcmp(line, texts[i].word) != 0)
			continue;
		mem_free(*to);
		*to = mem_strdup(value);
		return 0;
	}
	if (strcmp(line, "query") != 0 || req->queries == MEMPROTO_QUERIES)
		return -1;
	memreq_add_query(req, value, strlen(value));
	return 0;
}

int
memreq_parse(const char *text, size_t len, struct memreq *ret, struct sbuf *err)
{
	size_t first = strlen(FIRST_LINE);
	char *copy, *line, *end;

	*ret = (struct memreq){ 0 };
	if (len < first || memcmp(text, FIRST_LINE, first) != 0) {
		sbuf_str(err, "this is the table of a waybilld; use its own pmacct client");
		return -1;
	}
	copy = mem_new(len + 1);
	memcpy(copy, text, len);
	for (line = copy + first; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		if (strcmp(line, "end") == 0)
			break;
		if (take_line(ret, line) == 0)
			continue;
		sbuf_str(err, "bad line in the request: ");
		sbuf_quoted(err, line, strlen(line));
		mem_free(copy);
		return -1;
	}
	mem_free(copy);
	if (end == NULL)
		sbuf_str(err, "the request has no end");
	return end != NULL ? 0 : -1;
}
