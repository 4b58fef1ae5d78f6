/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket and HTTP, on control's loop. A request is one line of tab-separated words, the
 * first "text" or "json"; the answer is a status digit, a line end and the body, then the end of the
 * stream. HTTP gives /metrics, /healthz and the JSON of commands under /api/v1/.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "ctl/command.h"
#include "net/local.h"

#define REQUEST_BYTES	4096
#define REQUEST_WORDS	32
#define CLIENT_TIMEOUT_S 10
#define CLIENTS_MOST	64
#define CLIENTS_WAITING	16		/* to be accepted */

struct ctl {
	struct event_base *base;
	struct ctl_conf conf;
	char *socket_path;
	struct evconnlistener *listener;
	struct evhttp *http;
	unsigned clients;
	LIST_HEAD(, answer) owed;
};

/* Owed to a client of the socket or of HTTP; to neither once that has gone. */
struct answer {
	LIST_ENTRY(answer) entry;
	struct client *client;
	struct evhttp_request *req;
	bool begun, early;		/* early: given before the command had begun */
	int status;
	struct sbuf body;
};

static const struct command *
find_command(const struct ctl *ctl, const char *word)
{
	for (size_t i = 0; i < ctl->conf.count; i++)
		if (strcmp(ctl->conf.commands[i].word, word) == 0)
			return &ctl->conf.commands[i];
	return NULL;
}

/* 0 or -1 with the answer in out; 1: it comes later, by ret_answer, which the caller fills in. */
static int
run_command(struct ctl *ctl, const struct command *command, int argc, char **argv, bool json,
    struct sbuf *out, struct answer **ret_answer)
{
	struct answer *a;
	int status;

	*ret_answer = NULL;
	if (command == NULL) {
		sbuf_printf(out, "there is no command \"%s\"; see `waybill help`\n", argv[0]);
		return -1;
	}
	if (command->begin == NULL)
		return command->run(ctl->conf.ctx, argc, argv, json, out);
	a = mem_new(sizeof(*a));
	LIST_INSERT_HEAD(&ctl->owed, a, entry);
	status = command->begin(ctl->conf.ctx, argc, argv, json, a, out);
	a->begun = true;
	if (status > 0 && !a->early) {
		*ret_answer = a;
		return status;
	}
	if (a->early) {
		status = a->status;
		sbuf_add(out, sbuf_text(&a->body), a->body.len);
	}
	LIST_REMOVE(a, entry);
	sbuf_done(&a->body);
	mem_free(a);
	return status;
}

/* --- the socket ----------------------------------------------------------------------------- */

struct client {
	struct ctl *ctl;
	struct bufferevent *bev;
	struct answer *answer;		/* owed, NULL: none */
};

static void
client_free(struct client *c)
{
	if (c->answer != NULL)
		c->answer->client = NULL;
	c->ctl->clients--;
	bufferevent_free(c->bev);
	mem_free(c);
}

static void
answer_sent(struct bufferevent *bev, void *arg)
{
	(void)bev;
	client_free(arg);
}

static void
client_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	client_free(arg);
}

static void
client_answer(struct client *c, int status, const struct sbuf *body)
{
	evbuffer_add_printf(bufferevent_get_output(c->bev), "%d\n", status == 0 ? 0 : 1);
	evbuffer_add(bufferevent_get_output(c->bev), body->text, body->len);
	bufferevent_setcb(c->bev, NULL, answer_sent, client_event, c);
}

static void
request_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct sbuf out = { 0 };
	char *word[REQUEST_WORDS + 1], *line, *next;
	int words = 0, status = -1;
	size_t len;

	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line == NULL) {
		if (evbuffer_get_length(in) > REQUEST_BYTES)
			client_free(c);
		return;
	}
	next = line;
	while (words < REQUEST_WORDS && (word[words] = strsep(&next, "\t")) != NULL)
		words++;
	word[words] = NULL;
	bufferevent_disable(bev, EV_READ);
	if (words >= 2)
		status = run_command(c->ctl, find_command(c->ctl, word[1]), words - 1, word + 1,
		    strcmp(word[0], "json") == 0, &out, &c->answer);
	else
		sbuf_str(&out, "an empty request\n");
	free(line);
	if (c->answer != NULL)
		c->answer->client = c;
	else
		client_answer(c, status, &out);
	sbuf_done(&out);
}

static void
client_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len,
    void *arg)
{
	const struct timeval timeout = { .tv_sec = CLIENT_TIMEOUT_S };
	struct ctl *ctl = arg;
	struct client *c;

	(void)listener;
	(void)sa;
	(void)len;
	if (ctl->clients >= CLIENTS_MOST) {
		close(fd);
		return;
	}
	c = mem_new(sizeof(*c));
	c->ctl = ctl;
	c->bev = bufferevent_socket_new(ctl->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ctl->clients++;
	bufferevent_setcb(c->bev, request_read, NULL, client_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, REQUEST_BYTES + 1);
	bufferevent_set_timeouts(c->bev, &timeout, &timeout);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static int
listen_socket(struct ctl *ctl, struct sbuf *err)
{
	const char *path = ctl->conf.socket_path, *slash = strrchr(path, '/');
	int fd;

	if (slash != NULL && slash != path) {
		char *folder = mem_strdup(path);

		folder[slash - path] = '\0';
		(void)mkdir(folder, 0755);
		mem_free(folder);
	}
	sbuf_str(err, "control_socket: ");
	fd = local_listen(path, 0660, CLIENTS_WAITING, err);
	if (fd < 0)
		return -1;
	sbuf_clear(err);
	ctl->listener = evconnlistener_new(ctl->base, client_accepted, ctl, LEV_OPT_CLOSE_ON_FREE,
	    0, fd);
	ctl->socket_path = mem_strdup(path);
	return 0;
}

/* --- HTTP --------------------------------------------------------------------------------- */

static void
http_reply(struct evhttp_request *req, int code, const char *type, const struct sbuf *body)
{
	struct evbuffer *buf = evbuffer_new();

	evbuffer_add(buf, body->text, body->len);
	evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", type);
	evhttp_send_reply(req, code, code == 200 ? "OK" : "Not OK", buf);
	evbuffer_free(buf);
}

static void
http_metrics(struct evhttp_request *req, void *arg)
{
	struct ctl *ctl = arg;
	struct sbuf body = { 0 };

	ctl->conf.metrics(ctl->conf.ctx, &body);
	http_reply(req, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", &body);
	sbuf_done(&body);
}

static void
http_healthz(struct evhttp_request *req, void *arg)
{
	struct ctl *ctl = arg;
	struct sbuf body = { 0 };
	int code = ctl->conf.healthz(ctl->conf.ctx, &body);

	http_reply(req, code, "application/json", &body);
	sbuf_done(&body);
}

/* /api/v1/WORD/ARG/ARG, each percent-decoded. */
static void
http_api(struct evhttp_request *req, void *arg)
{
	static const char prefix[] = "/api/v1/";
	struct ctl *ctl = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	char *word[REQUEST_WORDS + 1] = { NULL }, *copy, *next, *part;
	const struct command *command;
	struct answer *answer = NULL;
	struct sbuf body = { 0 };
	int words = 0, code = 404;

	if (path == NULL || strncmp(path, prefix, strlen(prefix)) != 0 ||
	    evhttp_request_get_command(req) != EVHTTP_REQ_GET) {
		evhttp_send_error(req, HTTP_NOTFOUND, NULL);
		return;
	}
	next = copy = mem_strdup(path + strlen(prefix));
	while (words < REQUEST_WORDS && (part = strsep(&next, "/")) != NULL)
		if (*part != '\0')
			word[words++] = evhttp_uridecode(part, 0, NULL);
	command = words > 0 && word[0] != NULL ? find_command(ctl, word[0]) : NULL;
	if (command != NULL && command->http)
		code = run_command(ctl, command, words, word, true, &body, &answer) == 0 ? 200 : 400;
	else
		sbuf_str(&body, "{\"error\": \"no such command\"}\n");
	if (answer != NULL)
		answer->req = req;
	else
		http_reply(req, code, "application/json", &body);
	sbuf_done(&body);
	for (int i = 0; i < words; i++)
		free(word[i]);
	mem_free(copy);
}

/* A request whose connection has gone is given back by the reply itself. */
void
answer_done(struct answer *a, int status, const struct sbuf *body)
{
	if (!a->begun) {
		a->early = true;
		a->status = status;
		sbuf_add(&a->body, body->text, body->len);
		return;
	}
	if (a->client != NULL) {
		a->client->answer = NULL;
		client_answer(a->client, status, body);
	}
	if (a->req != NULL)
		http_reply(a->req, status == 0 ? 200 : 400, "application/json", body);
	LIST_REMOVE(a, entry);
	mem_free(a);
}

int
ctl_http_address(const char *text, char host[CTL_HOST_ROOM], uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	int port = colon != NULL ? atoi(colon + 1) : 0;

	if (n == 0 || n >= CTL_HOST_ROOM || port <= 0 || port > 65535)
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		memmove(host, host + 1, n - 1);
	}
	*ret_port = (uint16_t)port;
	return 0;
}

static int
listen_http(struct ctl *ctl, struct sbuf *err)
{
	char host[CTL_HOST_ROOM];
	uint16_t port;

	if (ctl_http_address(ctl->conf.http_listen, host, &port) != 0) {
		sbuf_printf(err, "http_listen: \"%s\" is not ADDRESS:PORT", ctl->conf.http_listen);
		return -1;
	}
	ctl->http = evhttp_new(ctl->base);
	evhttp_set_timeout(ctl->http, CLIENT_TIMEOUT_S);
	evhttp_set_max_headers_size(ctl->http, 16384);
	evhttp_set_max_body_size(ctl->http, 65536);
	evhttp_set_cb(ctl->http, "/metrics", http_metrics, ctl);
	evhttp_set_cb(ctl->http, "/healthz", http_healthz, ctl);
	evhttp_set_gencb(ctl->http, http_api, ctl);
	if (evhttp_bind_socket(ctl->http, host, port) != 0) {
		sbuf_printf(err, "http_listen: %s: %s", ctl->conf.http_listen, strerror(errno));
		return -1;
	}
	return 0;
}

struct ctl *
ctl_start(struct event_base *base, const struct ctl_conf *conf, struct sbuf *err)
{
	struct ctl *ctl = mem_new(sizeof(*ctl));

	ctl->base = base;
	ctl->conf = *conf;
	LIST_INIT(&ctl->owed);
	if ((conf->socket_path != NULL && listen_socket(ctl, err) != 0) ||
	    (conf->http_listen != NULL && listen_http(ctl, err) != 0)) {
		ctl_stop(ctl);
		return NULL;
	}
	return ctl;
}

void
ctl_stop(struct ctl *ctl)
{
	struct answer *a;

	if (ctl == NULL)
		return;
	/* Those still owed are nobody's, and so is the list they stand in. */
	LIST_FOREACH(a, &ctl->owed, entry) {
		if (a->client != NULL)
			a->client->answer = NULL;
		a->client = NULL;
		a->req = NULL;
	}
	if (ctl->listener != NULL)
		evconnlistener_free(ctl->listener);
	if (ctl->socket_path != NULL)
		(void)unlink(ctl->socket_path);
	if (ctl->http != NULL)
		evhttp_free(ctl->http);
	mem_free(ctl->socket_path);
	mem_free(ctl);
}
