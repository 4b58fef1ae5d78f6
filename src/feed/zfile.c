/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file is packed with is told by its first bytes. A pack that we cannot read is said so. */
#include "feed/zfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
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
	return gzread(z->state, room, (unsigned)len);
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

/* The first whose magic fits; the last one fits all. */
static const struct pack packs[] = {
	{ "gzip", { 0x1f, 0x8b }, 2, gzip_open, gzip_read, gzip_close },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, NULL, NULL, NULL },
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
