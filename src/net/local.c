/* SPDX-License-Identifier: BSD-2-Clause */
/* Stream sockets with a path. */
#include "net/local.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
address_of(const char *path, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(ret->sun_path, path);
	return 0;
}

static int
close_failed(int fd)
{
	int why = errno;

	if (fd >= 0)
		close(fd);
	errno = why;
	return -1;
}

int
local_dial(const char *path)
{
	struct sockaddr_un sun;
	int fd;

	if (address_of(path, &sun) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	return close_failed(fd);
}

/* Is somebody listening there? What a dead program left behind is nobody. */
static bool
is_served(const char *path)
{
	int fd = local_dial(path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
bind_and_listen(const char *path, unsigned mode, int backlog)
{
	struct sockaddr_un sun;
	int fd;

	if (address_of(path, &sun) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Nobody can connect before it listens, so the mode comes in time. */
	if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 &&
	    chmod(path, (mode_t)mode) == 0 && listen(fd, backlog) == 0)
		return fd;
	return close_failed(fd);
}

int
local_listen(const char *path, unsigned mode, int backlog, struct sbuf *err)
{
	struct stat st;
	int fd;

	if (is_served(path)) {
		sbuf_printf(err, "%s is in use by another daemon or output", path);
		return -1;
	}
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode)) {
			sbuf_printf(err, "%s: there is a file that is no socket", path);
			return -1;
		}
		(void)unlink(path);
	}
	fd = bind_and_listen(path, mode, backlog);
	if (fd < 0)
		sbuf_printf(err, "%s: %s", path, strerror(errno));
	return fd;
}

int
local_send(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}
