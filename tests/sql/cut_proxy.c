/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `cut_proxy LISTEN CONNECT`: two local sockets, and between them whatever is said, until a client says
 * COMMIT. Of four of these the first is passed on and answered; the second is passed on, and the
 * client is cut off once the server has answered; the third is not passed on, and both are cut off;
 * the fourth is passed on and the client cut off at once. So the client cannot know. Each
 * connection has a process of its own, which ends with it; COMMITs are counted over all.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PASS, CUT_ANSWERED, CUT_BEFORE, CUT_AT_ONCE, WAYS };

static int
open_socket(const char *path, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		return -1;
	strcpy(a.sun_path, path);
	if (listening)
		unlink(path);
	if (listening ? bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 8) != 0 :
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
write_all(int fd, const char *bytes, size_t n)
{
	for (size_t done = 0; done < n; ) {
		ssize_t k = write(fd, bytes + done, n - done);

		if (k < 0 && errno != EINTR)
			return false;
		done += k > 0 ? (size_t)k : 0;
	}
	return true;
}

/* A statement of its own: a protocol's few bytes before it, nothing or a NUL behind. */
static bool
is_commit(const char *bytes, size_t n)
{
	while (n > 0 && bytes[n - 1] == '\0')
		n--;
	return n >= 6 && n < 16 && memcmp(bytes + n - 6, "COMMIT", 6) == 0;
}

/* What the client said. false: the connection is to be cut. */
static bool
from_client(int client, int server, _Atomic unsigned *commits)
{
	static char room[1 << 16];
	ssize_t n = read(client, room, sizeof(room));
	unsigned way;

	if (n <= 0)
		return false;
	way = is_commit(room, (size_t)n) ? (*commits)++ % WAYS : PASS;
	if (way == CUT_BEFORE || !write_all(server, room, (size_t)n))
		return false;
	if (way == CUT_ANSWERED && read(server, room, sizeof(room)) < 0)
		return false;
	return way == PASS;
}

static bool
from_server(int server, int client)
{
	static char room[1 << 16];
	ssize_t n = read(server, room, sizeof(room));

	return n > 0 && write_all(client, room, (size_t)n);
}

static void
serve(int client, const char *to, _Atomic unsigned *commits)
{
	int server = open_socket(to, false);
	struct pollfd fd[2] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
	bool going = server >= 0;

	while (going && poll(fd, 2, -1) > 0) {
		if (fd[0].revents != 0)
			going = from_client(client, server, commits);
		if (going && fd[1].revents != 0)
			going = from_server(server, client);
	}
	close(client);
	if (server >= 0)
		close(server);
}

int
main(int argc, char **argv)
{
	int listener = argc == 3 ? open_socket(argv[1], true) : -1, client;
	_Atomic unsigned *commits = mmap(NULL, sizeof(*commits), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (listener < 0 || commits == MAP_FAILED) {
		perror("cut_proxy");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while ((client = accept(listener, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			serve(client, argv[2], commits);
			_exit(0);
		}
		close(client);
	}
	return 0;
}
