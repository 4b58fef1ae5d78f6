/* SPDX-License-Identifier: BSD-2-Clause */
/* Slabs: things of all sizes by several owners, none over another; all memory comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "rib/slab.h"

enum { THINGS = 20000, OWNERS = 3, SPACE = 64 << 20 };

struct model {
	struct slabs s;
	struct slab_owner owner[OWNERS];
	uint32_t thing[THINGS];		/* 0: not there */
	uint32_t size[THINGS];
	size_t bytes;
	uint64_t random;
};

static uint32_t
pick(struct model *m, uint32_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)((m->random * UINT64_C(0x2545f4914f6cdd1d) >> 32) * below >> 32);
}

static uint8_t *
bytes_of(struct model *m, uint32_t i)
{
	return m->s.space + (size_t)m->thing[i] * m->s.granule;
}

/* A thing's first and last bytes say whose they are. */
static void
check(struct model *m, uint32_t i)
{
	uint32_t v;

	memcpy(&v, bytes_of(m, i) + m->size[i] - 4, 4);
	assert_int_equal(v, i);
	memcpy(&v, bytes_of(m, i), 4);
	assert_int_equal(v, i);
}

static void
give(struct model *m, uint32_t i)
{
	check(m, i);
	slabs_give(&m->s, m->thing[i]);
	m->thing[i] = 0;
}

static void
take(struct model *m, uint32_t i)
{
	/* Small ones, as most are; some of any size; some as large as there are. */
	uint32_t most = i % 100 == 0 ? SLAB_BYTES - 8 : i % 10 == 0 ? 2000 : 60;

	m->size[i] = 8 + pick(m, most);
	m->thing[i] = slabs_take(&m->s, &m->owner[i % OWNERS], m->size[i]);
	assert_int_not_equal(m->thing[i], 0);
	memcpy(bytes_of(m, i), &i, 4);
	memcpy(bytes_of(m, i) + m->size[i] - 4, &i, 4);
}

static void
run(struct model *m, uint32_t up, unsigned steps)
{
	while (steps-- > 0) {
		uint32_t i = pick(m, THINGS);
		int come = pick(m, 100) < up;

		if (m->thing[i] != 0)
			check(m, i);
		if (come && m->thing[i] == 0)
			take(m, i);
		else if (!come && m->thing[i] != 0)
			give(m, i);
	}
}

static void
things_never_overlap(void **state)
{
	static const struct {
		unsigned granule, link;
	} rows[] = { { 8, 4 }, { 32, 0 } };

	(void)state;
	for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
		struct model *m = mem_new(sizeof(*m));

		m->random = 88172645463325252u;
		slabs_init(&m->s, SPACE, rows[row].granule, rows[row].link);
		for (unsigned round = 0; round < 4; round++) {
			run(m, 90, 60000);
			run(m, 20, 60000);
			slabs_disown(&m->s, &m->owner[round % OWNERS]);
		}
		for (uint32_t i = 0; i < THINGS; i++)
			if (m->thing[i] != 0)
				give(m, i);
		for (unsigned i = 0; i < OWNERS; i++)
			slabs_disown(&m->s, &m->owner[i]);
		assert_int_equal(m->s.bytes, 0);
		assert_int_equal(m->s.used, 0);
		slabs_done(&m->s);
		mem_free(m);
	}
}

/* What one owner took goes without the other's, however they took turns. */
static void
an_owner_takes_its_memory_along(void **state)
{
	struct model *m = mem_new(sizeof(*m));
	uint32_t both;

	(void)state;
	m->random = 4711;
	slabs_init(&m->s, SPACE, 8, 4);
	for (uint32_t i = 0; i < THINGS; i++) {
		m->size[i] = 24;
		m->thing[i] = slabs_take(&m->s, &m->owner[i % 2], 24);
	}
	both = m->s.used;
	for (uint32_t i = 0; i < THINGS; i += 2)
		slabs_give(&m->s, m->thing[i]);
	slabs_disown(&m->s, &m->owner[0]);
	assert_in_range(m->s.used, 1, both / 2 + 1);
	slabs_done(&m->s);
	mem_free(m);
}

/* Where the space ends, nothing is taken, and what was given back is taken again. */
static void
the_space_has_an_end(void **state)
{
	struct model *m = mem_new(sizeof(*m));
	uint32_t n = 0;

	(void)state;
	slabs_init(&m->s, 4 * SLAB_BYTES, 8, 4);
	while (n < THINGS && (m->thing[n] = slabs_take(&m->s, &m->owner[0], 1024)) != 0)
		n++;
	assert_in_range(n, 4 * 64, 6 * 64);
	slabs_give(&m->s, m->thing[0]);
	assert_int_equal(slabs_take(&m->s, &m->owner[0], 1024), m->thing[0]);
	assert_int_equal(slabs_take(&m->s, &m->owner[1], 8), 0);
	slabs_done(&m->s);
	mem_free(m);
}

/* Memory ahead of its use: none before the first thing, then a page or two, again only as it fills, to the end. */
static void
memory_is_ready_ahead(void **state)
{
	struct model *m = mem_new(sizeof(*m));
	unsigned pages = 0, more = 0;

	(void)state;
	slabs_init(&m->s, (size_t)16 << 20, 8, 4);
	assert_false(slabs_ahead(&m->s));
	assert_int_not_equal(slabs_take(&m->s, &m->owner[0], SLAB_BYTES), 0);
	while (slabs_ahead(&m->s))
		pages++;
	assert_in_range(pages, 1, 2);
	assert_false(slabs_ahead(&m->s));
	while (slabs_take(&m->s, &m->owner[0], SLAB_BYTES) != 0)
		while (slabs_ahead(&m->s))
			more++;
	assert_in_range(pages + more, 7, 9);
	assert_true(m->s.touched <= m->s.space_bytes);
	slabs_done(&m->s);
	mem_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(things_never_overlap),
		cmocka_unit_test(an_owner_takes_its_memory_along),
		cmocka_unit_test(the_space_has_an_end),
		cmocka_unit_test(memory_is_ready_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
