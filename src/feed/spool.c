/* SPDX-License-Identifier: BSD-2-Clause */
/* Files stay open between texts, the longest unused one makes room. */
#include "feed/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "feed/feedname.h"

#define FILES_MOST	256

struct spool_file {
	char *path;
	int fd;
};

struct spool {
	mode_t umask;
	struct spool_file file[FILES_MOST];	/* the one used last stands last */
	size_t files;
	struct log_limit limit;
};

static void
close_nth(struct spool *s, size_t i)
{
	close(s->file[i].fd);
	mem_free(s->file[i].path);
	memmove(&s->file[i], &s->file[i + 1], (--s->files - i) * sizeof(s->file[0]));
}

void
spool_reopen(struct spool *s)
{
	while (s->files > 0)
		close_nth(s, s->files - 1);
}

/* The open file, now the one used last; NULL: not open. */
static struct spool_file *
find_file(struct spool *s, const char *path)
{
	for (size_t i = s->files; i-- > 0;) {
		struct spool_file f = s->file[i];

		if (strcmp(f.path, path) != 0)
			continue;
		memmove(&s->file[i], &s->file[i + 1], (s->files - 1 - i) * sizeof(f));
		s->file[s->files - 1] = f;
		return &s->file[s->files - 1];
	}
	return NULL;
}

static struct spool_file *
open_file(struct spool *s, const char *path)
{
	int fd = -1;

	if (feedname_folders(path) == 0)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666 & ~s->umask);
	if (fd < 0)
		return NULL;
	if (s->files == FILES_MOST)
		close_nth(s, 0);
	s->file[s->files] = (struct spool_file){ mem_strdup(path), fd };
	return &s->file[s->files++];
}

static int
append(int fd, const char *text, size_t *left)
{
	while (*left > 0) {
		ssize_t n = write(fd, text, *left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		*left -= (size_t)n;
	}
	return 0;
}

int
spool_put(struct spool *s, const char *path, const struct sbuf *text)
{
	struct spool_file *f = find_file(s, path);
	size_t left = text->len;

	if (f == NULL)
		f = open_file(s, path);
	if (f != NULL && append(f->fd, text->text, &left) == 0)
		return 0;
	if (log_allowed(&s->limit, mono_now()))
		log_error("feed: %s: %s; %zu bytes lost", path, strerror(errno), left);
	return -1;
}

void
spool_close(struct spool *s, const char *path)
{
	struct spool_file *f = find_file(s, path);

	if (f != NULL)
		close_nth(s, (size_t)(f - s->file));
}

struct spool *
spool_new(mode_t umask)
{
	struct spool *s = mem_new(sizeof(*s));

	s->umask = umask;
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	spool_reopen(s);
	mem_free(s);
}
