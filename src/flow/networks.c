/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a networks file. Its lines hold, behind each other and separated by commas: a next hop,
 * an origin AS with or without a peer AS in front ("64512_65500"), and the prefix; the prefix
 * alone is enough. IPv4 and IPv6 stand in one file. Of two lines for one prefix the later one
 * counts, and that is said.
 */
#include "flow/networks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf/mapfile.h"
#include "core/hash.h"
#include "core/mem.h"

#define MOST_FIELDS	4		/* four: the first is skipped, as pmacct does */
#define MOST_SAID	20		/* duplicates named one by one */

/* A file while it is read. */
struct loading {
	struct networks *nw;
	size_t room;
	uint32_t *line;			/* of each network, for messages */
	struct trie_row *row[NETWORKS_FAMILIES];
	size_t rows[NETWORKS_FAMILIES], row_room[NETWORKS_FAMILIES];
	struct slots hops;
	size_t hop_room;
	const char *path;
	struct conf_notes *notes;
};

/* ---- one line ---------------------------------------------------------------------------- */

static int
number(const char *text, const char *end, uint64_t most, uint64_t *ret)
{
	uint64_t n = 0;

	if (text == end)
		return -1;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > most)
			return -1;
	}
	*ret = n;
	return 0;
}

int
asn_parse(const char *text, uint32_t *ret)
{
	const char *dot = strchr(text, '.'), *end = text + strlen(text);
	uint64_t high = 0, low;

	if (dot != NULL) {
		if (number(text, dot, UINT16_MAX, &high) != 0 ||
		    number(dot + 1, end, UINT16_MAX, &low) != 0)
			return -1;
	} else if (number(text, end, UINT32_MAX, &low) != 0)
		return -1;
	*ret = (uint32_t)(high << 16 | low);
	return 0;
}

static char *
trimmed(char *text)
{
	char *end = text + strlen(text);

	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

/* "origin" or "peer_origin". */
static int
parse_as(char *text, struct network_line *ret)
{
	char *between = strchr(text, '_');

	if (between == NULL)
		return asn_parse(text, &ret->as);
	*between = '\0';
	if (asn_parse(text, &ret->peer_as) != 0)
		return -1;
	return asn_parse(between + 1, &ret->as);
}

int
network_parse(char *line, struct network_line *ret, const char **ret_why)
{
	struct network_line net = { .as = 0 };
	char *field[MOST_FIELDS], *comma;
	size_t n = 0, at = 0;

	do {
		if (n == MOST_FIELDS) {
			*ret_why = "more than next hop, AS and prefix";
			return -1;
		}
		comma = strchr(line, ',');
		if (comma != NULL)
			*comma = '\0';
		field[n++] = trimmed(line);
		line = comma != NULL ? comma + 1 : NULL;
	} while (comma != NULL);
	if (prefix_parse(field[n - 1], &net.prefix) != 0) {
		*ret_why = "the last field is not a prefix";
		return -1;
	}
	if (n == MOST_FIELDS)
		at = 1;
	if (at < n - 1 && addr_parse(field[at], &net.next_hop) == 0)
		at++;
	else if (n - 1 - at == 2) {
		*ret_why = "the field before the AS is not an address";
		return -1;
	}
	if (at < n - 1 && parse_as(field[at], &net) != 0) {
		*ret_why = "not an AS number, nor peer AS and origin AS as in 64512_65500";
		return -1;
	}
	*ret = net;
	return 0;
}

/* ---- the file ---------------------------------------------------------------------------- */

static uint64_t
hop_hash(const void *ctx, uint32_t index)
{
	const struct networks *nw = ctx;

	return hash_bytes(&nw->hop[index], sizeof(struct addr), hash_seed());
}

/* The number of a next hop; most files name few different ones. */
static uint32_t
put_hop(struct loading *ld, const struct addr *hop)
{
	struct networks *nw = ld->nw;
	uint64_t hash = hash_bytes(hop, sizeof(*hop), hash_seed());
	struct slots_at at;
	uint32_t i;

	for (i = slots_first(&ld->hops, hash, &at); i != SLOTS_NONE;
	    i = slots_next(&ld->hops, &at))
		if (addr_eq(&nw->hop[i], hop))
			return i;
	if (nw->hops == ld->hop_room) {
		ld->hop_room = ld->hop_room * 2 + 8;
		nw->hop = mem_grow(nw->hop, ld->hop_room, sizeof(*nw->hop));
	}
	i = (uint32_t)nw->hops++;
	nw->hop[i] = *hop;
	slots_put(&ld->hops, hash, i, hop_hash, nw);
	return i;
}

static void
put_line(struct loading *ld, const struct network_line *line, unsigned number_of_line)
{
	struct networks *nw = ld->nw;
	enum networks_family family = addr_is_v4(&line->prefix.addr) ? NETWORKS_IP4 : NETWORKS_IP6;

	if (nw->nets == ld->room) {
		ld->room = ld->room * 2 + 64;
		nw->net = mem_grow(nw->net, ld->room, sizeof(*nw->net));
		ld->line = mem_grow(ld->line, ld->room, sizeof(*ld->line));
	}
	if (ld->rows[family] == ld->row_room[family]) {
		ld->row_room[family] = ld->row_room[family] * 2 + 64;
		ld->row[family] = mem_grow(ld->row[family], ld->row_room[family],
		    sizeof(struct trie_row));
	}
	ld->line[nw->nets] = number_of_line;
	nw->net[nw->nets++] = (struct network){ .as = line->as, .peer_as = line->peer_as,
	    .hop = put_hop(ld, &line->next_hop), .len = line->prefix.len };
	ld->row[family][ld->rows[family]++] = (struct trie_row){
	    .key = networks_key(&line->prefix.addr, family), .len = line->prefix.len,
	    .value = (uint32_t)nw->nets };
}

static void
read_lines(struct loading *ld, struct mapfile *mf)
{
	struct network_line line;
	unsigned number_of_line;
	const char *why;
	char *text;

	while ((text = mapfile_line(mf, &number_of_line)) != NULL) {
		if (ld->nw->nets == TRIE_NODE - 1) {
			conf_note(ld->notes, CONF_NOTE_ERROR, ld->path, number_of_line,
			    "more than %u networks", TRIE_NODE - 1);
			return;
		}
		if (network_parse(text, &line, &why) != 0)
			conf_note(ld->notes, CONF_NOTE_ERROR, ld->path, number_of_line,
			    "%s: expected [nexthop,][[peer_as_]origin_as,]network/length", why);
		else
			put_line(ld, &line, number_of_line);
	}
}

/* Sorted, and of the lines for one prefix only the last. Gives how many were taken out. */
static size_t
sort_rows(struct loading *ld, enum networks_family family, size_t said)
{
	struct trie_row *row = ld->row[family];
	size_t kept = 0, n = ld->rows[family];

	trie_sort(row, n);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || trie_row_cmp(&row[kept - 1], &row[i]) != 0) {
			row[kept++] = row[i];
			continue;
		}
		if (said + (i - kept) < MOST_SAID)
			conf_note(ld->notes, CONF_NOTE_WARNING, ld->path,
			    ld->line[row[kept - 1].value - 1],
			    "the same network stands in line %u, which counts",
			    ld->line[row[i].value - 1]);
		row[kept - 1] = row[i];
	}
	ld->nw->prefixes[family] = kept;
	return n - kept;
}

static void
finish(struct loading *ld)
{
	size_t twice = 0;

	for (unsigned family = 0; family < NETWORKS_FAMILIES; family++) {
		twice += sort_rows(ld, family, twice);
		trie_build(&ld->nw->trie[family], ld->row[family], ld->nw->prefixes[family]);
	}
	if (twice > MOST_SAID)
		conf_note(ld->notes, CONF_NOTE_WARNING, ld->path, 0,
		    "%zu lines repeat a network; the last line of each counts", twice);
	ld->nw->net = mem_grow(ld->nw->net, ld->nw->nets, sizeof(*ld->nw->net));
}

struct networks *
networks_load(const char *path, struct conf_notes *notes)
{
	struct loading ld = { .path = path, .notes = notes };
	struct mapfile *mf = mapfile_open(path, notes);
	size_t errors = notes->errors;
	const struct addr unset = { { 0 } };

	if (mf == NULL)
		return NULL;
	ld.nw = mem_new(sizeof(*ld.nw));
	slots_init(&ld.hops, 16);
	put_hop(&ld, &unset);
	read_lines(&ld, mf);
	mapfile_close(mf);
	finish(&ld);
	mem_free(ld.line);
	mem_free(ld.row[NETWORKS_IP4]);
	mem_free(ld.row[NETWORKS_IP6]);
	slots_done(&ld.hops);
	if (notes->errors == errors)
		return ld.nw;
	networks_free(ld.nw);
	return NULL;
}

/* ---- many at once ------------------------------------------------------------------------ */

void
networks_find_many(const struct networks *nw, const struct addr *const *addr,
    const struct network **ret, size_t n)
{
	struct trie_walk walk[TRIE_WALKS];

	for (; n > 0; addr += TRIE_WALKS, ret += TRIE_WALKS, n -= n < TRIE_WALKS ? n : TRIE_WALKS) {
		unsigned now = n < TRIE_WALKS ? (unsigned)n : TRIE_WALKS;

		for (unsigned i = 0; i < now; i++) {
			enum networks_family family = addr_is_v4(addr[i]) ? NETWORKS_IP4 :
			    NETWORKS_IP6;

			trie_walk_begin(&walk[i], &nw->trie[family], networks_key(addr[i], family));
		}
		trie_walk_all(walk, now);
		for (unsigned i = 0; i < now; i++) {
			uint32_t value = *walk[i].value;

			ret[i] = value != 0 ? &nw->net[value - 1] : NULL;
			__builtin_prefetch(ret[i]);
		}
	}
}

void
networks_free(struct networks *nw)
{
	if (nw == NULL)
		return;
	trie_done(&nw->trie[NETWORKS_IP4]);
	trie_done(&nw->trie[NETWORKS_IP6]);
	mem_free(nw->net);
	mem_free(nw->hop);
	mem_free(nw);
}

size_t
networks_bytes(const struct networks *nw)
{
	return trie_bytes(&nw->trie[NETWORKS_IP4]) + trie_bytes(&nw->trie[NETWORKS_IP6]) +
	    nw->nets * sizeof(*nw->net) + nw->hops * sizeof(*nw->hop);
}
