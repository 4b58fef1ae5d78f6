/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed files, made by the packers themselves: whole, one behind the other, cut off, damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "feed/zfile.h"

#define BYTES	300000			/* more than a buffer of the reader, packed as well */

struct fixture {
	char dir[64], plain[96], packed[96];
	uint8_t *bytes;
};

static int
setup(void **state)
{
	struct fixture *f = mem_new(sizeof(*f));
	uint64_t random = 88172645463325252;
	FILE *file;

	strcpy(f->dir, "/tmp/waybill-zfile.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->plain, sizeof(f->plain), "%s/plain", f->dir);
	snprintf(f->packed, sizeof(f->packed), "%s/packed", f->dir);
	f->bytes = mem_new(2 * BYTES);
	for (size_t i = 0; i < BYTES; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		f->bytes[i] = (uint8_t)(random & 0x3f);
	}
	memcpy(f->bytes + BYTES, f->bytes, BYTES);
	file = fopen(f->plain, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(f->bytes, 1, BYTES, file), BYTES);
	fclose(file);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->plain);
	unlink(f->packed);
	rmdir(f->dir);
	mem_free(f->bytes);
	mem_free(f);
	return 0;
}

static void
pack(const struct fixture *f, const char *packer, const char *to)
{
	char command[320];

	snprintf(command, sizeof(command), "%s -c %s %s %s", packer, f->plain, to, f->packed);
	assert_int_equal(system(command), 0);
}

/* Bytes that came before the end, or -1 where it is no end. Of a sound file they are those of f->bytes. */
static ssize_t
read_back(const struct fixture *f, bool sound)
{
	struct sbuf err = { 0 };
	struct zfile *z = zfile_open(f->packed, &err);
	uint8_t room[7001];
	size_t have = 0;
	ssize_t n;

	assert_string_equal(sbuf_text(&err), "");
	assert_non_null(z);
	while ((n = zfile_read(z, room, sizeof(room))) > 0) {
		assert_true(have + (size_t)n <= 2 * BYTES);
		if (sound)
			assert_memory_equal(room, f->bytes + have, (size_t)n);
		have += (size_t)n;
	}
	zfile_close(z);
	sbuf_done(&err);
	return n == 0 ? (ssize_t)have : -1;
}

static void
damage(const struct fixture *f, long at)
{
	FILE *file = fopen(f->packed, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	for (unsigned i = 0; i < 8; i++)
		fputc(0x55, file);
	fclose(file);
}

static void
each_packer(struct fixture *f, const char *packer)
{
	pack(f, packer, ">");
	assert_int_equal(read_back(f, true), BYTES);
	pack(f, packer, ">>");
	assert_int_equal(read_back(f, true), 2 * BYTES);
	pack(f, packer, ">");
	assert_int_equal(truncate(f->packed, 150000), 0);
	assert_int_equal(read_back(f, true), -1);
	pack(f, packer, ">");
	damage(f, 100000);
	assert_int_equal(read_back(f, false), -1);
}

static void
bzip2_is_read(void **state)
{
#ifdef WB_HAVE_BZ2
	each_packer(*state, "bzip2");
#else
	(void)state;
	skip();
#endif
}

static void
gzip_is_read(void **state)
{
#ifdef WB_HAVE_ZLIB
	each_packer(*state, "gzip");
#else
	(void)state;
	skip();
#endif
}

static void
others_are_refused_by_name(void **state)
{
	struct fixture *f = *state;
	struct sbuf err = { 0 };

	pack(f, "xz", ">");
	assert_null(zfile_open(f->packed, &err));
	assert_non_null(strstr(sbuf_text(&err), "packed with xz, which is not built in"));
	sbuf_done(&err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bzip2_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(gzip_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_refused_by_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
