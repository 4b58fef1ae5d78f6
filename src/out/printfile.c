/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening, writing and taking back. Which files were written by this run is asked of the files
 * themselves (their time of change), so nothing grows with the number of bins.
 */
#include "out/printfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

#define CLOCK_GRAIN_NS	(20 * NS_PER_MS)	/* file systems stamp with the tick, a bit behind */
#define FIFO_WAIT_MS	2000

static int
fail(struct sbuf *err, const char *what, const char *path)
{
	sbuf_printf(err, "%s '%s': %s", what, path, strerror(errno));
	return -1;
}

/* The owner that was asked for; what we may not give stays ours. */
static void
give_owner(int fd, const struct printfile_conf *conf)
{
	if (conf->uid != (uid_t)-1 || conf->gid != (gid_t)-1)
		if (fchown(fd, conf->uid, conf->gid) != 0)
			return;
}

static int
make_folder(const char *path, const struct printfile_conf *conf, struct sbuf *err)
{
	int fd;

	if (mkdir(path, 0777 & ~conf->umask) != 0)
		return errno == EEXIST ? 0 : fail(err, "cannot make the folder", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		give_owner(fd, conf);
		close(fd);
	}
	return 0;
}

/* Every folder in front of the last '/'. */
static int
make_folders(const char *path, const struct printfile_conf *conf, struct sbuf *err)
{
	char *copy = mem_strdup(path);
	int ret = 0;

	for (char *slash = strchr(copy + 1, '/'); slash != NULL && ret == 0;
	    slash = strchr(slash + 1, '/')) {
		struct stat st;

		*slash = '\0';
		if (stat(copy, &st) != 0)
			ret = make_folder(copy, conf, err);
		*slash = '/';
	}
	mem_free(copy);
	return ret;
}

static bool
of_this_run(const struct stat *st, const struct printfile_conf *conf)
{
	int64_t changed = st->st_mtim.tv_sec * NS_PER_SEC + st->st_mtim.tv_nsec;

	return changed >= conf->since.ns - CLOCK_GRAIN_NS;
}

int
printfile_open(const char *path, const struct printfile_conf *conf, struct printfile *ret,
    struct sbuf *err)
{
	struct printfile f = { .fd = STDOUT_FILENO, .fresh = true };
	int flags = O_WRONLY | O_CREAT | O_APPEND;
	struct stat st;

	if (path == NULL) {
		*ret = f;
		return 0;
	}
	if (make_folders(path, conf, err) != 0)
		return -1;
	f.made = stat(path, &st) != 0;
	f.fifo = !f.made && S_ISFIFO(st.st_mode);
	if (f.fifo)
		flags = O_RDWR | O_NONBLOCK;
	else if (!f.made && (conf->append || of_this_run(&st, conf)))
		f.begun = st.st_size;
	else
		flags |= O_TRUNC;
	f.fresh = f.begun == 0;
	f.fd = open(path, flags | O_CLOEXEC, 0666 & ~conf->umask);
	if (f.fd < 0)
		return fail(err, "cannot open", path);
	if (f.made) {
		(void)fchmod(f.fd, 0666 & ~conf->umask);
		give_owner(f.fd, conf);
	}
	f.path = mem_strdup(path);
	*ret = f;
	return 0;
}

/* A FIFO that is full: give its reader a while. */
static bool
wait_for_reader(const struct printfile *f)
{
	struct pollfd fd = { .fd = f->fd, .events = POLLOUT };

	return poll(&fd, 1, FIFO_WAIT_MS) > 0;
}

int
printfile_write(struct printfile *f, const struct sbuf *text, struct sbuf *err)
{
	size_t at = 0;

	while (at < text->len) {
		ssize_t n = write(f->fd, text->text + at, text->len - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno == EAGAIN && wait_for_reader(f))
			continue;
		else if (errno != EINTR)
			return fail(err, "cannot write to", f->path != NULL ? f->path : "stdout");
	}
	return 0;
}

int
printfile_close(struct printfile *f, struct sbuf *err)
{
	int fd = f->fd;

	f->fd = -1;
	if (f->path != NULL && fd >= 0 && close(fd) != 0)
		return fail(err, "cannot write to", f->path);
	return 0;
}

void
printfile_undo(struct printfile *f)
{
	struct sbuf err = { 0 };

	(void)printfile_close(f, &err);
	sbuf_done(&err);
	if (f->path == NULL || f->fifo)
		return;
	if (f->made)
		(void)unlink(f->path);
	else if (truncate(f->path, f->begun) != 0)
		return;		/* the next try finds the same trouble and says it */
}

void
printfile_done(struct printfile *f)
{
	struct sbuf err = { 0 };

	(void)printfile_close(f, &err);
	sbuf_done(&err);
	mem_free(f->path);
	*f = (struct printfile){ .fd = -1 };
}

int
printfile_link(const char *link, const char *path, const struct printfile_conf *conf,
    struct sbuf *err)
{
	/* A relative path would be looked up from the folder of the link. */
	char *whole = path[0] == '/' ? NULL : realpath(path, NULL);
	int ret = make_folders(link, conf, err);
	struct sbuf temp = { 0 };

	sbuf_printf(&temp, "%s.new", link);
	if (ret == 0) {
		(void)unlink(sbuf_text(&temp));
		if (symlink(whole != NULL ? whole : path, sbuf_text(&temp)) != 0 ||
		    rename(sbuf_text(&temp), link) != 0)
			ret = fail(err, "cannot make the link", link);
	}
	sbuf_done(&temp);
	free(whole);
	return ret;
}
