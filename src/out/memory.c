/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `memory` output (compat/interface.md 13.1). Slices go into the table as they come; clients
 * are served between them in the output's thread, so an answer is one moment of the table and a
 * reset is of one piece with its reading. An answer is made whole and then sent as the client
 * takes it; workers never wait for either. Requests are bounded, as is the number of clients and
 * their patience.
 */
#include "out/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "core/log.h"
#include "core/mem.h"
#include "net/local.h"
#include "out/memquery.h"

#define CLIENTS_MOST	64
#define PATIENCE_NS	(30 * NS_PER_SEC)	/* for a client that neither asks nor takes */

struct client {
	int fd;				/* -1: free */
	struct sbuf request, answer;
	size_t sent;
	bool answered;
	mono_t stirred;
};

struct memory {
	struct out_env env;
	char *path;
	int listener;
	struct client client[CLIENTS_MOST];
	mono_t last_erase;
};

static void *
memory_open(const struct out_env *env, struct sbuf *err)
{
	const char *path = conf_text(env->conf, env->output, "imt_path");
	struct memory *m = mem_new(sizeof(*m));

	m->env = *env;
	m->path = mem_strdup(path != NULL ? path : MEMPROTO_PATH);
	for (size_t i = 0; i < CLIENTS_MOST; i++)
		m->client[i].fd = -1;
	sbuf_str(err, "imt_path: ");
	m->listener = local_listen(m->path, 0777, CLIENTS_MOST, err);
	if (m->listener < 0) {
		mem_free(m->path);
		mem_free(m);
		return NULL;
	}
	sbuf_clear(err);
	log_write(LOG_LVL_INFO, env->subject, "waiting for data on: '%s'", m->path);
	return m;
}

static void
client_close(struct client *c)
{
	close(c->fd);
	sbuf_done(&c->request);
	sbuf_done(&c->answer);
	*c = (struct client){ .fd = -1 };
}

static void
memory_close(void *self)
{
	struct memory *m = self;

	for (size_t i = 0; i < CLIENTS_MOST; i++)
		if (m->client[i].fd >= 0)
			client_close(&m->client[i]);
	close(m->listener);
	(void)unlink(m->path);
	mem_free(m->path);
	mem_free(m);
}

static int
memory_fds(void *self, struct pollfd *fd, int most)
{
	struct memory *m = self;
	size_t busy = 0;
	int n = 0;

	for (size_t i = 0; i < CLIENTS_MOST && n < most; i++) {
		const struct client *c = &m->client[i];

		if (c->fd < 0)
			continue;
		fd[n++] = (struct pollfd){ .fd = c->fd, .events = c->answered ? POLLOUT : POLLIN };
		busy++;
	}
	if (busy < CLIENTS_MOST && n < most)
		fd[n++] = (struct pollfd){ .fd = m->listener, .events = POLLIN };
	return n;
}

static void
accept_clients(struct memory *m)
{
	for (size_t i = 0; i < CLIENTS_MOST; i++) {
		struct client *c = &m->client[i];

		if (c->fd >= 0)
			continue;
		c->fd = accept4(m->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (c->fd < 0)
			return;
		c->stirred = mono_now();
	}
}

static void
answer(struct memory *m, struct client *c, struct bintab *tab)
{
	struct sbuf body = { 0 }, err = { 0 };
	struct memreq req;
	bool erased = false;
	int ret = memreq_parse(c->request.text, c->request.len, &req, &err);

	if (ret == 0)
		ret = memquery_run(&req, &m->env, tab, m->last_erase, &erased, &body, &err);
	if (erased)
		m->last_erase = mono_now();
	if (ret == 0)
		sbuf_str(&c->answer, "ok\n");
	else
		sbuf_printf(&c->answer, "error %s\n", sbuf_text(&err));
	if (ret == 0)
		sbuf_add(&c->answer, body.text, body.len);
	c->answered = true;
	memreq_done(&req);
	sbuf_done(&body);
	sbuf_done(&err);
}

/* What the client has sent by now. False: it is gone, or sent more than a request can be. */
static bool
read_request(struct client *c)
{
	char room[4096];
	ssize_t n;

	while ((n = recv(c->fd, room, sizeof(room), 0)) > 0) {
		sbuf_add(&c->request, room, (size_t)n);
		c->stirred = mono_now();
		if (c->request.len > MEMPROTO_BYTES)
			return false;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* As much of the answer as the client takes. False: it has all of it, or is gone. */
static bool
send_answer(struct client *c)
{
	while (c->sent < c->answer.len) {
		ssize_t n = send(c->fd, c->answer.text + c->sent, c->answer.len - c->sent,
		    MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		c->stirred = mono_now();
	}
	return false;
}

static void
serve_client(struct memory *m, struct client *c, struct bintab *tab)
{
	bool stays = true;

	if (!c->answered) {
		stays = read_request(c);
		if (memreq_is_whole(&c->request)) {
			answer(m, c, tab);
			stays = true;	/* it may have closed its half already */
		}
	}
	if (stays && c->answered)
		stays = send_answer(c);
	if (!stays || mono_since(mono_now(), c->stirred) > PATIENCE_NS)
		client_close(c);
}

static void
memory_serve(void *self, struct bintab *tab)
{
	struct memory *m = self;

	accept_clients(m);
	for (size_t i = 0; i < CLIENTS_MOST; i++)
		if (m->client[i].fd >= 0)
			serve_client(m, &m->client[i], tab);
}

const struct out_kind out_memory = {
	.type = "memory",
	.open = memory_open,
	.close = memory_close,
	.fds = memory_fds,
	.serve = memory_serve,
};
