/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends a template and a few IPFIX records, given as words, from one source port:
 *
 *   send_ipfix ADDR:PORT [--from ADDR] [--no-template] [--only-template] [--with ID:LEN:NUMBER ...]
 *       SRC,DST,BYTES,PACKETS[,IN,OUT[,SPORT,DPORT,PROTO]] ...
 *   send_ipfix ADDR:PORT --raw TEXT         a datagram that is none
 *
 * The first address says whether all are of IPv4 or IPv6. --with: an element that all records have.
 */
#include <sys/socket.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "net/addr.h"

static const uint16_t addresses[2][2][2] = { { { 27, 16 }, { 28, 16 } }, { { 8, 4 }, { 12, 4 } } };
static const uint16_t fields[][2] = {
	{ 1, 8 }, { 2, 8 }, { 10, 4 }, { 14, 4 }, { 7, 2 }, { 11, 2 }, { 4, 1 },
	{ 152, 8 }, { 153, 8 },
};

#define FIELDS	(sizeof(fields) / sizeof(fields[0]))

#define WITH_MOST	8

static struct with {
	unsigned id, len;
	unsigned long long number;
} with[WITH_MOST];
static size_t withs;

static bool
take_with(const char *text)
{
	struct with *to = &with[withs];

	if (withs == WITH_MOST || sscanf(text, "%u:%u:%llu", &to->id, &to->len, &to->number) != 3 ||
	    to->len == 0 || to->len > 8)
		return false;
	withs++;
	return true;
}

static void
put_fields(struct wr *w, const uint16_t field[][2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wr_u16(w, field[i][0]);
		wr_u16(w, field[i][1]);
	}
}

static void
put_template(struct wr *w, bool v4)
{
	size_t mark;

	wr_u16(w, 2);
	mark = wr_mark16(w);
	wr_u16(w, 300);
	wr_u16(w, (uint16_t)(2 + FIELDS + withs));
	put_fields(w, addresses[v4], 2);
	put_fields(w, fields, FIELDS);
	for (size_t i = 0; i < withs; i++) {
		wr_u16(w, (uint16_t)with[i].id);
		wr_u16(w, (uint16_t)with[i].len);
	}
	wr_fill16(w, mark, 4);
}

static bool
is_v4(const char *record)
{
	return strchr(record, ':') == NULL;
}

static void
put_record(struct wr *w, char *text)
{
	unsigned long long v[8] = { 0 };
	size_t skip = is_v4(text) ? 12 : 0;
	struct addr a;
	char *word = strtok(text, ",");
	uint64_t ms = (uint64_t)(wall_now().ns / NS_PER_MS);

	for (int i = 0; i < 2; i++, word = strtok(NULL, ",")) {
		if (word == NULL || addr_parse(word, &a) != 0)
			exit(2);
		wr_bytes(w, a.b + skip, 16 - skip);
	}
	for (int i = 0; i < 7 && word != NULL; i++, word = strtok(NULL, ","))
		v[i] = strtoull(word, NULL, 10);
	wr_u64(w, v[0]);
	wr_u64(w, v[1]);
	wr_u32(w, (uint32_t)v[2]);
	wr_u32(w, (uint32_t)v[3]);
	wr_u16(w, (uint16_t)v[4]);
	wr_u16(w, (uint16_t)v[5]);
	wr_u8(w, (uint8_t)(v[6] != 0 ? v[6] : 6));
	wr_u64(w, ms);
	wr_u64(w, ms);
	for (size_t i = 0; i < withs; i++)
		for (unsigned byte = with[i].len; byte-- > 0;)
			wr_u8(w, (uint8_t)(with[i].number >> 8 * byte));
}

int
main(int argc, char **argv)
{
	struct addr to, from = { { 0 } };
	struct sockaddr_storage ss;
	bool template = true, data = true;
	const char *raw = NULL;
	uint8_t bytes[1400];
	struct wr w = wr_of(bytes, sizeof(bytes));
	char *colon = argc > 1 ? strrchr(argv[1], ':') : NULL;
	int i = 2, fd;
	size_t mark;

	if (colon == NULL)
		return 2;
	*colon = '\0';
	if (addr_parse(argv[1], &to) != 0)
		return 2;
	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--no-template") == 0)
			template = false;
		else if (strcmp(argv[i], "--only-template") == 0)
			data = false;
		else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
			(void)addr_parse(argv[++i], &from);
		else if (strcmp(argv[i], "--raw") == 0 && i + 1 < argc)
			raw = argv[++i];
		else if (strcmp(argv[i], "--with") == 0 && i + 1 < argc && !take_with(argv[++i]))
			return 2;
	}
	wr_u16(&w, 10);
	wr_u16(&w, 0);
	wr_u32(&w, (uint32_t)wall_sec(wall_now()));
	wr_u32(&w, 0);
	wr_u32(&w, 7);
	if (template)
		put_template(&w, i == argc || is_v4(argv[i]));
	if (data) {
		wr_u16(&w, 300);
		mark = wr_mark16(&w);
		for (; i < argc; i++)
			put_record(&w, argv[i]);
		wr_fill16(&w, mark, 4);
	}
	wr_fill16(&w, 2, 4);
	if (raw != NULL) {
		w.at = w.start;
		wr_bytes(&w, raw, strlen(raw));
	}
	fd = socket(addr_is_v4(&to) ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	if (addr_is_set(&from) &&
	    bind(fd, (struct sockaddr *)&ss, addr_sockaddr(&from, 0, &ss)) != 0)
		return 1;
	return sendto(fd, bytes, wr_len(&w), 0, (struct sockaddr *)&ss,
	    addr_sockaddr(&to, (uint16_t)atoi(colon + 1), &ss)) < 0;
}
