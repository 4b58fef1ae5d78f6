/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permutations beside the steps they stand for: random templates over the table of elements, random
 * records, flows equal to the byte. Records end where the readable memory ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mem.h"
#include "flow/template.h"

enum { ROUNDS = 4000, MOST_FIELDS = 30, MOST_RECORDS = 40 };

static uint64_t seed = 1;

static unsigned
pick(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

/* Elements of fixed length, as a template may tell them: often the usual length, or a reduced one. */
static uint16_t
random_fields(struct field_spec *spec)
{
	uint16_t n = (uint16_t)(1 + pick(MOST_FIELDS));

	for (unsigned i = 0; i < n; i++) {
		const struct ie *ie = &ie_table[pick((unsigned)ie_count)];

		while (ie->pen == IE_PEN_SCOPE || ie->len_max == 0 || ie->type == IE_NAME)
			ie = &ie_table[pick((unsigned)ie_count)];
		spec[i] = (struct field_spec){ ie->pen, ie->id,
		    (uint16_t)(ie->len_min + pick(ie->len_max - ie->len_min + 1u)) };
	}
	return n;
}

/* What must be the same for both. */
struct decoded {
	struct flow flow[MOST_RECORDS];
	struct ie_extra extra[MOST_RECORDS];
};

static void
decode(const struct template *t, const uint8_t *rec, unsigned n, struct decoded *ret)
{
	const struct flow proto = { .has = t->has, .lines = t->lines, .flows = 1,
	    .export_seqno = 0x01020304, .peer_src_ip = addr_of_v4(0x0a000001) };
	const struct decode_to to = { .base = { ret->flow, ret->extra, NULL },
	    .stride = { sizeof(ret->flow[0]), sizeof(ret->extra[0]), 0 } };

	memset(ret, 0, sizeof(*ret));
	template_decode(t, rec, n, &proto, &to);
}

/* True where this machine can do it that way. */
static bool
compare(const uint8_t *end, const struct field_spec *spec, uint16_t fields, enum permute_way way)
{
	static struct decoded moved, stepped;
	const struct template_conf conf = { .version = 9, .permute = way };
	const struct template_conf plain = { .version = 9, .permute = PERMUTE_NONE };
	struct template *t = template_of(spec, fields, 300, &conf);
	struct template *s = template_of(spec, fields, 300, &plain);
	unsigned n = 1 + pick(MOST_RECORDS);
	uint8_t *rec = (uint8_t *)(uintptr_t)(end - (size_t)n * t->rec_len);
	bool permuted = t->permute != NULL;

	assert_null(s->permute);
	for (size_t i = 0; i < (size_t)n * t->rec_len; i++)
		rec[i] = pick(4) == 0 ? 0 : (uint8_t)pick(256);
	decode(t, rec, n, &moved);
	decode(s, rec, n, &stepped);
	assert_memory_equal(moved.flow, stepped.flow, n * sizeof(moved.flow[0]));
	assert_memory_equal(moved.extra, stepped.extra, n * sizeof(moved.extra[0]));
	template_free(t);
	template_free(s);
	return permuted;
}

static void
moves_equal_steps(enum permute_way way, const char *name)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = 32 * page;
	uint8_t *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	struct field_spec spec[MOST_FIELDS];
	unsigned permuted = 0;

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(map + room, page, PROT_NONE), 0);
	for (unsigned i = 0; i < ROUNDS; i++)
		permuted += compare(map + room, spec, random_fields(spec), way);
	if (permuted == 0)
		print_message("this processor has no %s: steps were compared with steps\n", name);
	munmap(map, room + page);
}

static void
lines_equal_steps(void **state)
{
	(void)state;
	moves_equal_steps(PERMUTE_LINES, "AVX-512 VBMI");
}

static void
halves_equal_steps(void **state)
{
	(void)state;
	moves_equal_steps(PERMUTE_HALVES, "AVX2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_equal_steps),
		cmocka_unit_test(halves_equal_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
