/* SPDX-License-Identifier: BSD-2-Clause */
/* From news to tables in force: the keeper's thread and control's half. */
#include "waybilld/rpki.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "core/mem.h"
#include "rib/limbo.h"
#include "waybilld/metrics.h"
#include "waybilld/rpki_cache.h"

#define NEWS_MOST	64		/* pieces of news, each of up to RPKI_CHANGES changes */
#define TABLE_EVERY	NS_PER_SEC
#define LOOK_MS		200

/* What status shows; the keeper's copy is the true one, control has that of the last post. */
struct rpki_status {
	enum rpki_state state;
	bool expired;			/* the cache was silent for too long */
	uint32_t serial;
	uint64_t vrps, added, removed, refused, tables, losses;
	wall_t updated;			/* when the cache last said that this is all; 0: never */
};

struct rpki {
	struct daemon *d;
	char host[256], port[16];
	struct rpki_cache *cache;
	struct chan *news;
	pthread_t thread;
	bool running;
	atomic_bool ending;
	/* control's */
	struct roas roas;
	struct limbo limbo;		/* tables that a worker may be reading */
	struct rpki_status shown;
	/* the keeper's */
	struct vrps *vrps;
	struct rpki_status status;
	bool changed;			/* since the last table */
	bool said;			/* that it is in step, once */
	bool lost;			/* and said so; until it is in step again */
	mono_t table_due, heard;
	uint32_t expire_s;
};

/* What the keeper posts to control. */
struct publishing {
	struct rpki *r;
	struct roa_table *table;	/* NULL: the one in force stays */
	struct rpki_status status;
};

static const char *const state_words[RPKI_STATES] = {
	[RPKI_CONNECTING] = "connecting", [RPKI_LOADING] = "loading", [RPKI_SYNCED] = "synchronised",
	[RPKI_NO_DATA] = "the cache has no data", [RPKI_LOST] = "lost",
};

/* --- settings ------------------------------------------------------------------------------------- */

/* host:port or [address]:port */
static int
split_address(const char *text, char *ret_host, size_t host_room, char *ret_port, size_t port_room)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;

	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len) != NULL)
		return -1;
	if (len == 0 || len >= host_room || colon[1] == '\0' || strlen(colon + 1) >= port_room ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return -1;
	memcpy(ret_host, text, len);
	ret_host[len] = '\0';
	memcpy(ret_port, colon + 1, strlen(colon + 1) + 1);
	return 0;
}

void
rpki_check(const struct conf *conf, struct conf_notes *notes)
{
	const char *text = conf_text(conf, CONF_ALL, "rpki_rtr_cache"), *file, *wrong = NULL;
	char host[256], port[16];
	unsigned line;

	if (text == NULL)
		return;
	if (!rpki_built)
		wrong = "this build has no librtr";
	else if (conf_text(conf, CONF_ALL, "rpki_roas_file") != NULL)
		wrong = "rpki_roas_file is given as well; only one can say what is valid";
	else if (split_address(text, host, sizeof(host), port, sizeof(port)) != 0)
		wrong = "expected HOST:PORT or [ADDRESS]:PORT";
	line = conf_where(conf, CONF_ALL, "rpki_rtr_cache", &file);
	if (wrong != NULL)
		conf_note(notes, CONF_NOTE_ERROR, file, line, "rpki_rtr_cache: %s", wrong);
}

/* --- the keeper ----------------------------------------------------------------------------------- */

static void
free_table(void *owner, void *thing, uint32_t number)
{
	(void)owner;
	(void)number;
	roa_free(thing);
}

static void
publish(struct daemon *d, void *arg)
{
	struct publishing *p = arg;
	struct rpki *r = p->r;

	(void)d;
	r->shown = p->status;
	if (p->table != NULL) {
		struct roa_table *old = atomic_exchange(&r->roas.now, p->table);

		if (old != NULL)
			limbo_put(&r->limbo, (struct limbo_item){ .free = free_table, .thing = old });
	}
	mem_free(p);
}

static void
tell_control(struct rpki *r, struct roa_table *table)
{
	struct publishing *p = mem_new(sizeof(*p));

	r->status.tables += table != NULL;
	r->status.vrps = vrps_count(r->vrps);
	*p = (struct publishing){ r, table, r->status };
	daemon_post(r->d, publish, p);
}

static void
take_changes(struct rpki *r, const struct rpki_news *n)
{
	for (unsigned i = 0; i < n->changes; i++) {
		const struct vrp *vrp = &n->change[i].vrp;

		if (n->change[i].added)
			*(vrps_add(r->vrps, vrp) == 0 ? &r->status.added : &r->status.refused) += 1;
		else if (vrps_remove(r->vrps, vrp) == 0)
			r->status.removed++;
	}
	r->changed |= n->changes > 0;
}

static void
come_in_sync(struct rpki *r)
{
	r->heard = mono_now();
	r->status.updated = wall_now();
	r->changed |= r->status.expired || r->status.tables == 0;
	if (r->lost || !r->said)
		log_info("RPKI cache %s:%s: synchronised at serial %u: %zu VRPs", r->host, r->port,
		    r->status.serial, vrps_count(r->vrps));
	r->said = true;
	r->lost = r->status.expired = false;
}

static void
lose(struct rpki *r, enum rpki_state state)
{
	r->lost = true;
	r->status.losses++;
	if (state == RPKI_NO_DATA)
		log_warn("RPKI cache %s:%s: it has no data; VRPs it told before stay for %u s", r->host,
		    r->port, r->expire_s);
	else
		log_warn("RPKI cache %s:%s: lost or not reached; what it told stays for %u s", r->host,
		    r->port, r->expire_s);
}

static void
take_news(struct rpki *r, const struct rpki_news *n)
{
	take_changes(r, n);
	r->status.state = n->state;
	r->status.serial = n->serial;
	r->expire_s = n->expire_s;
	if (n->state == RPKI_SYNCED)
		come_in_sync(r);
	else if ((n->state == RPKI_LOST || n->state == RPKI_NO_DATA) && !r->lost)
		lose(r, n->state);
}

static void
expire(struct rpki *r)
{
	r->status.expired = true;
	log_warn("RPKI cache %s:%s: nothing heard for %u s: every route is unknown from here on",
	    r->host, r->port, r->expire_s);
	tell_control(r, roa_new());
}

/* Make what is due of what came. */
static void
settle(struct rpki *r, bool heard)
{
	mono_t now = mono_now();

	if (r->changed && r->status.state == RPKI_SYNCED && now.ns >= r->table_due.ns) {
		r->changed = false;
		r->table_due = mono_add(now, TABLE_EVERY);
		tell_control(r, vrps_table(r->vrps));
	} else if (heard)
		tell_control(r, NULL);
	if (r->status.state != RPKI_SYNCED && !r->status.expired && r->heard.ns != 0 &&
	    mono_since(now, r->heard) >= r->expire_s * NS_PER_SEC)
		expire(r);
}

static void *
keep(void *arg)
{
	struct rpki *r = arg;
	struct rpki_news *n;

	while (!atomic_load(&r->ending)) {
		bool heard = false;

		chan_wait(r->news, LOOK_MS);
		while ((n = chan_take(r->news)) != NULL) {
			take_news(r, n);
			mem_free(n);
			heard = true;
		}
		settle(r, heard);
	}
	return NULL;
}

/* --- control -------------------------------------------------------------------------------------- */

int
rpki_start(struct daemon *d, const struct conf *conf, struct sbuf *err)
{
	const char *text = conf_text(conf, CONF_ALL, "rpki_rtr_cache");
	struct rpki_cache_conf cc = {
		.version = (unsigned)conf_int(conf, CONF_ALL, "rpki_rtr_cache_version"),
		.retry_s = (unsigned)conf_int(conf, CONF_ALL, "rpki_rtr_cache_retry"),
		.expire_s = (unsigned)conf_int(conf, CONF_ALL, "rpki_rtr_cache_expire"),
		.tcp.ip_precedence = (uint8_t)conf_int(conf, CONF_ALL, "rpki_rtr_cache_ipprec"),
		.tcp.rcvbuf = (size_t)conf_int(conf, CONF_ALL, "rpki_rtr_cache_pipe_size"),
	};
	struct rpki *r;

	if (text == NULL)
		return 0;
	r = d->rpki = mem_new(sizeof(*r));
	r->d = d;
	(void)split_address(text, r->host, sizeof(r->host), r->port, sizeof(r->port));
	cc.host = r->host;
	cc.port = r->port;
	r->expire_s = cc.expire_s;
	r->news = chan_new(NEWS_MOST);
	r->vrps = vrps_new();
	limbo_init(&r->limbo, d->epoch);
	r->cache = rpki_cache_open(&cc, r->news, err);
	if (r->cache == NULL)
		return -1;
	r->running = pthread_create(&r->thread, NULL, keep, r) == 0;
	if (!r->running)
		sbuf_str(err, "rpki_rtr_cache: no thread can be started");
	return r->running ? 0 : -1;
}

const struct roas *
rpki_roas(const struct rpki *r)
{
	return r != NULL ? &r->roas : NULL;
}

void
rpki_tick(struct rpki *r)
{
	if (r != NULL)
		(void)limbo_work(&r->limbo, mono_add(mono_now(), NS_PER_MS));
}

void
rpki_stop(struct rpki *r)
{
	if (r == NULL)
		return;
	rpki_cache_close(r->cache);
	r->cache = NULL;
	atomic_store(&r->ending, true);
	if (r->running)
		pthread_join(r->thread, NULL);
}

void
rpki_free(struct rpki *r)
{
	struct rpki_news *n;

	if (r == NULL)
		return;
	while ((n = chan_take(r->news)) != NULL)
		mem_free(n);
	chan_free(r->news);
	limbo_done(&r->limbo);
	roa_free(atomic_load(&r->roas.now));
	vrps_free(r->vrps);
	mem_free(r);
}

/* --- status --------------------------------------------------------------------------------------- */

static const char *
state_word(const struct rpki_status *s)
{
	return s->expired ? "expired" : state_words[s->state];
}

static void
time_of(wall_t t, char room[32])
{
	time_t sec = (time_t)wall_sec(t);
	struct tm tm;

	if (sec == 0 || gmtime_r(&sec, &tm) == NULL ||
	    strftime(room, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(room, 32, "never");
}

void
rpki_status_json(const struct rpki *r, struct json *j)
{
	char updated[32];

	if (r == NULL)
		return;
	time_of(r->shown.updated, updated);
	json_object(j, "rpki");
	json_str(j, "cache_host", r->host);
	json_str(j, "cache_port", r->port);
	json_str(j, "state", state_word(&r->shown));
	json_u64(j, "serial", r->shown.serial);
	json_u64(j, "vrps", r->shown.expired ? 0 : r->shown.vrps);
	json_str(j, "last_update", r->shown.updated.ns != 0 ? updated : NULL);
	json_u64(j, "added", r->shown.added);
	json_u64(j, "removed", r->shown.removed);
	json_u64(j, "refused", r->shown.refused);
	json_u64(j, "tables", r->shown.tables);
	json_u64(j, "losses", r->shown.losses);
	json_end(j, '}');
}

void
rpki_status_text(const struct rpki *r, struct sbuf *out)
{
	char updated[32];

	if (r == NULL)
		return;
	time_of(r->shown.updated, updated);
	sbuf_printf(out, "RPKI cache %s:%s: %s, serial %u, %llu VRPs, last update %s\n", r->host, r->port,
	    state_word(&r->shown), r->shown.serial,
	    (unsigned long long)(r->shown.expired ? 0 : r->shown.vrps), updated);
	if (r->shown.refused > 0)
		sbuf_printf(out, "  %llu VRPs refused: lengths that make no sense, or told twice\n",
		    (unsigned long long)r->shown.refused);
}

void
rpki_metrics(const struct rpki *r, struct sbuf *out)
{
	if (r == NULL)
		return;
	metric_single(out, "rpki_vrps", true, "VRPs in force of the RPKI cache",
	    r->shown.expired ? 0 : r->shown.vrps);
	metric_single(out, "rpki_updated_seconds", true, "when the cache was complete last, Unix time",
	    (uint64_t)(r->shown.updated.ns / NS_PER_SEC));
	metric_single(out, "rpki_added", false, "VRPs told by the cache", r->shown.added);
	metric_single(out, "rpki_removed", false, "VRPs taken back by the cache", r->shown.removed);
	metric_single(out, "rpki_refused", false, "VRPs that make no sense, or were told twice",
	    r->shown.refused);
	metric_single(out, "rpki_losses", false, "times that the cache was lost", r->shown.losses);
}
