/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a networks file, and the table that is built of those that are right. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "flow/networks.h"

#define MOST_ROWS	256

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static size_t
rows_of(char *text, enum networks_family family, struct trie_row row[MOST_ROWS])
{
	struct network_line net;
	const char *why;
	size_t n = 0, kept = 0;

	for (char *line = strtok(text, "\n"); line != NULL && n < MOST_ROWS;
	    line = strtok(NULL, "\n")) {
		if (network_parse(line, &net, &why) != 0) {
			assert(*why != '\0');
			continue;
		}
		assert(net.prefix.len <= addr_bits(&net.prefix.addr));
		if (addr_is_v4(&net.prefix.addr) == (family == NETWORKS_IP4))
			row[n++] = (struct trie_row){ .len = net.prefix.len,
			    .key = networks_key(&net.prefix.addr, family) };
	}
	qsort(row, n, sizeof(*row), trie_row_cmp);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || trie_row_cmp(&row[kept - 1], &row[i]) != 0)
			row[kept++] = row[i];
	return kept;
}

/* The first address of a network is answered by it, or by one that begins there and is longer. */
static void
check_table(struct trie_row *row, size_t n)
{
	struct trie trie;

	for (size_t i = 0; i < n; i++)
		row[i].value = (uint32_t)i + 1;
	trie_build(&trie, row, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t value = trie_find(&trie, row[i].key);

		assert(value > i && value <= n && row[value - 1].key == row[i].key);
	}
	trie_done(&trie);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct trie_row row[MOST_ROWS];

	for (unsigned family = 0; family < NETWORKS_FAMILIES; family++) {
		char *text = mem_new(len + 1);

		memcpy(text, bytes, len);
		check_table(row, rows_of(text, (enum networks_family)family, row));
		mem_free(text);
	}
	return 0;
}
