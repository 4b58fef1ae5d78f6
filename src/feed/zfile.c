/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file is packed with is told by its first bytes. A pack that we cannot read is said so. */
#include "feed/zfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#ifdef WB_HAVE_BZ2
#include <bzlib.h>
#endif
#ifdef WB_HAVE_ZLIB
#include <zlib.h>
#endif

#include "core/mem.h"

struct zfile {
	int fd;
	const struct pack *pack;
	void *state;
};

struct pack {
	const char *name;
	uint8_t magic[4];
	size_t magic_len;
	int (*open)(struct zfile *z);	/* NULL: not built in */
	ssize_t (*read)(struct zfile *z, void *room, size_t len);
	void (*close)(struct zfile *z);
};

static int
plain_open(struct zfile *z)
{
	(void)z;
	return 0;
}

static ssize_t
plain_read(struct zfile *z, void *room, size_t len)
{
	ssize_t n;

	do {
		n = read(z->fd, room, len);
	} while (n < 0 && errno == EINTR);
	return n;
}

static void
plain_close(struct zfile *z)
{
	close(z->fd);
}

#ifdef WB_HAVE_ZLIB
static int
gzip_open(struct zfile *z)
{
	z->state = gzdopen(z->fd, "rb");
	return z->state != NULL ? 0 : -1;
}

static ssize_t
gzip_read(struct zfile *z, void *room, size_t len)
{
	ssize_t n = gzread(z->state, room, (unsigned)len);
	int error = Z_OK;

	/* A file that was cut off ends like a whole one, but for this. */
	if (n == 0)
		(void)gzerror(z->state, &error);
	return error == Z_OK || error == Z_STREAM_END ? n : -1;
}

static void
gzip_close(struct zfile *z)
{
	gzclose(z->state);
}
#else
#define gzip_open	NULL
#define gzip_read	NULL
#define gzip_close	NULL
#endif

#ifdef WB_HAVE_BZ2
#define BZ2_INPUT	65536

/* A file is one stream behind another, as parallel packers write them. */
struct bz2 {
	bz_stream s;
	bool open;			/* within a stream; else the next one begins here, or the file ends */
	char input[BZ2_INPUT];
};

static int
bz2_open(struct zfile *z)
{
	z->state = mem_new(sizeof(struct bz2));
	return 0;
}

/* More input where there is none left. 0: the file has ended, -1: it cannot be read. */
static ssize_t
bz2_fill(struct zfile *z, struct bz2 *b)
{
	ssize_t n;

	if (b->s.avail_in > 0)
		return 1;
	n = plain_read(z, b->input, sizeof(b->input));
	b->s.next_in = b->input;
	b->s.avail_in = n > 0 ? (unsigned)n : 0;
	return n;
}

/* One step. 1: on, 0: the file has ended where it may, -1: it has not, or it is damaged. */
static int
bz2_step(struct zfile *z, struct bz2 *b)
{
	ssize_t got = bz2_fill(z, b);
	int ret;

	if (got <= 0)
		return got == 0 && !b->open ? 0 : -1;
	if (!b->open) {
		if (BZ2_bzDecompressInit(&b->s, 0, 0) != BZ_OK)
			return -1;
		b->open = true;
	}
	ret = BZ2_bzDecompress(&b->s);
	if (ret == BZ_STREAM_END) {
		BZ2_bzDecompressEnd(&b->s);
		b->open = false;
	}
	return ret == BZ_OK || ret == BZ_STREAM_END ? 1 : -1;
}

static ssize_t
bz2_read(struct zfile *z, void *room, size_t len)
{
	struct bz2 *b = z->state;
	int on = 1;

	b->s.next_out = room;
	b->s.avail_out = len < UINT32_MAX ? (unsigned)len : UINT32_MAX;
	len = b->s.avail_out;
	while (on > 0 && b->s.avail_out == len)
		on = bz2_step(z, b);
	return on < 0 ? -1 : (ssize_t)(len - b->s.avail_out);
}

static void
bz2_close(struct zfile *z)
{
	struct bz2 *b = z->state;

	if (b->open)
		BZ2_bzDecompressEnd(&b->s);
	mem_free(b);
	plain_close(z);
}
#else
#define bz2_open	NULL
#define bz2_read	NULL
#define bz2_close	NULL
#endif

/* The first whose magic fits; the last one fits all. */
static const struct pack packs[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, gzip_open, gzip_read, gzip_close },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, bz2_open, bz2_read, bz2_close },
	{ "xz", { 0xfd, '7', 'z', 'X' }, 4, NULL, NULL, NULL },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, NULL, NULL, NULL },
	{ "plain", { 0 }, 0, plain_open, plain_read, plain_close },
};

struct zfile *
zfile_open(const char *path, struct sbuf *err)
{
	struct zfile z = { .fd = open(path, O_RDONLY | O_CLOEXEC), .pack = packs };
	uint8_t head[4] = { 0 };
	ssize_t n;

	if (z.fd < 0) {
		sbuf_printf(err, "%s: %s", path, strerror(errno));
		return NULL;
	}
	n = read(z.fd, head, sizeof(head));
	while ((size_t)(n > 0 ? n : 0) < z.pack->magic_len ||
	    memcmp(head, z.pack->magic, z.pack->magic_len) != 0)
		z.pack++;
	if (z.pack->open == NULL) {
		sbuf_printf(err, "%s: it is packed with %s, which is not built in: unpack it first",
		    path, z.pack->name);
	} else if (lseek(z.fd, 0, SEEK_SET) == 0 && z.pack->open(&z) == 0) {
		return mem_dup(&z, sizeof(z));
	} else {
		sbuf_printf(err, "%s: it cannot be read from its beginning", path);
	}
	close(z.fd);
	return NULL;
}

ssize_t
zfile_read(struct zfile *z, void *room, size_t len)
{
	return z->pack->read(z, room, len);
}

void
zfile_close(struct zfile *z)
{
	z->pack->close(z);
	mem_free(z);
}
