/* SPDX-License-Identifier: BSD-2-Clause */
/* The index against a plain list: it fills, empties and fills again, with tags that are equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/mem.h"
#include "rib/tagindex.h"

enum { MOST = 60000 };

struct model {
	struct tagindex t;
	uint32_t tag[MOST];		/* by entry */
	bool there[MOST];
	uint64_t random;
	uint32_t spread;		/* of tags: few of them are equal, or many */
};

static uint32_t
next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)(m->random * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static int
same_entry(const void *ctx, uint32_t entry)
{
	return *(const uint32_t *)ctx == entry;
}

static void
look_for(const struct model *m, uint32_t entry)
{
	assert_int_equal(tagindex_find(&m->t, m->tag[entry], same_entry, &entry),
	    m->there[entry] ? entry : TAGINDEX_NONE);
}

static size_t
check_all(const struct model *m)
{
	size_t n = 0;

	for (uint32_t e = 0; e < MOST; e++) {
		look_for(m, e);
		n += m->there[e];
	}
	assert_int_equal(m->t.used, n);
	return n;
}

/* One entry comes, or goes; `up` in a hundred come. */
static void
step(struct model *m, unsigned up)
{
	uint32_t e = next_random(m) % MOST;
	bool come = next_random(m) % 100 < up;

	look_for(m, e);
	if (come && !m->there[e]) {
		/* The first and the last tag are as good as any other. */
		m->tag[e] = next_random(m) / m->spread * m->spread;
		if (e % 1000 < 2)
			m->tag[e] = e % 1000 == 0 ? 0 : UINT32_MAX;
		tagindex_put(&m->t, m->tag[e], e);
		m->there[e] = true;
		assert_int_not_equal(tagindex_guess(&m->t, m->tag[e]), TAGINDEX_NONE);
	} else if (!come && m->there[e]) {
		tagindex_remove(&m->t, m->tag[e], e);
		m->there[e] = false;
	}
	look_for(m, e);
	look_for(m, next_random(m) % MOST);
}

static void
run(struct model *m, unsigned up, size_t steps, unsigned shrink_every)
{
	for (size_t i = 1; i <= steps; i++) {
		step(m, up);
		if (shrink_every != 0 && i % shrink_every == 0)
			(void)tagindex_shrink(&m->t);
	}
}

static void
it_agrees_with_a_list(void **state)
{
	static const uint32_t spread[] = { 1, 1 << 16, 1 << 22 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spread); i++) {
		struct model *m = mem_new(sizeof(*m));
		size_t most, least;

		m->random = 88172645463325252u + i;
		m->spread = spread[i];
		tagindex_init(&m->t, MOST);
		for (unsigned round = 0; round < 3; round++) {
			run(m, 97, 250000, 0);
			most = tagindex_bytes(&m->t);
			assert_true(check_all(m) > MOST / 2);
			/* It shrinks while entries still come and go. */
			run(m, 3, 250000, 400);
			while (tagindex_shrink(&m->t))
				run(m, 40, 20, 0);
			least = tagindex_bytes(&m->t);
			(void)check_all(m);
			assert_true(least < most / 4);
		}
		tagindex_done(&m->t);
		mem_free(m);
	}
}

static void
it_is_dense(void **state)
{
	struct model *m = mem_new(sizeof(*m));

	(void)state;
	m->random = 4711;
	tagindex_init(&m->t, MOST);
	for (uint32_t e = 0; e < MOST; e++) {
		m->tag[e] = next_random(m);
		m->there[e] = true;
		tagindex_put(&m->t, m->tag[e], e);
		if (e > 1000)
			assert_in_range(tagindex_bytes(&m->t) / (e + 1), 9, 14);
	}
	assert_int_equal(check_all(m), MOST);
	tagindex_done(&m->t);
	mem_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_agrees_with_a_list),
		cmocka_unit_test(it_is_dense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
