/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `waybill journal`: what lies in the journals of outputs and whether the databases have it; and
 * sending it, as the daemon would at its next start, under the journal's lock.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "out/framejournal.h"
#include "out/render.h"
#include "out/segment.h"
#include "sql/output.h"
#include "sql/rows.h"
#include "sql/settings.h"
#include "sql/statement.h"
#include "waybill/play.h"
#include "waybill/tool.h"

/* What a list or a show goes through. */
struct look {
	const struct tool_args *args;
	const struct out_env *env;	/* NULL: no configuration */
	const struct sql_backend *backend;
	void *db;			/* NULL: not asked, or it does not answer */
	struct sbuf *out;
	size_t segments, bad;
};

typedef void look_at(struct look *l, const char *dir, int fd, const char *name);

/* --- folders -------------------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The names in a folder, sorted; NULL ends them. */
static char **
read_names(const char *dir, size_t *ret_count)
{
	DIR *d = opendir(dir);
	struct dirent *de;
	char **name = NULL;
	size_t n = 0;

	while (d != NULL && (de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		name = mem_grow(name, n + 1, sizeof(*name));
		name[n++] = mem_strdup(de->d_name);
	}
	if (d != NULL)
		closedir(d);
	if (n > 0)
		qsort(name, n, sizeof(*name), by_name);
	*ret_count = n;
	return name;
}

static bool
is_segment(const char *name)
{
	size_t len = strlen(name);

	return len > 10 && strcmp(name + len - 4, ".seg") == 0 &&
	    (strncmp(name, "batch-", 6) == 0 || strncmp(name, "slice-", 6) == 0);
}

/* The segments of a folder and those below it, `deep` levels down. */
static void
walk(struct look *l, const char *dir, unsigned deep, look_at *at)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n = 0;
	char **name = fd >= 0 ? read_names(dir, &n) : NULL;

	for (size_t i = 0; i < n; i++) {
		struct sbuf path = { 0 };

		sbuf_printf(&path, "%s/%s", dir, name[i]);
		if (is_segment(name[i]))
			at(l, dir, fd, name[i]);
		else if (deep > 0)
			walk(l, path.text, deep - 1, at);
		sbuf_done(&path);
		mem_free(name[i]);
	}
	mem_free(name);
	if (fd >= 0)
		close(fd);
}

/* --- list ----------------------------------------------------------------------------------------- */

static void
take_count(void *ctx, const char *const *cell)
{
	*(int64_t *)ctx = cell[0] != NULL ? strtoll(cell[0], NULL, 10) : 0;
}

static const char *
state_of(struct look *l, const struct segment_facts *f)
{
	char instance[33];
	struct sbuf sql = { 0 }, err = { 0 };
	int64_t bins = -1;

	if (f->head.kind == SEGMENT_SLICE)
		return "checkpoint";
	if (l->db == NULL)
		return "unknown";
	for (size_t i = 0; i < sizeof(f->head.instance); i++)
		snprintf(instance + 2 * i, 3, "%02x", f->head.instance[i]);
	sbuf_printf(&sql, "SELECT count(DISTINCT bin) FROM waybill_ledger WHERE instance = '%s' AND "
	    "seq = %" PRIu64 " AND output = ", instance, f->head.number);
	statement_text(l->backend->engine, l->env->name, &sql);
	if (l->backend->ask(l->db, sql.text, take_count, &bins, &err) != 0)
		bins = -1;
	sbuf_done(&sql);
	sbuf_done(&err);
	return bins < 0 ? "unknown" : bins == 0 ? "waiting" : (uint64_t)bins < f->bins ? "partly" :
	    "landed";
}

static void
put_bin(const struct look *l, wall_t bin, struct sbuf *out)
{
	bool utc = l->env != NULL && l->env->style.utc;

	if (bin.ns == 0)
		sbuf_str(out, "-");
	else
		stamp_text(bin, utc, SQL_SQLITE, out);
}

static void
put_json(struct look *l, const char *dir, const char *name, const struct segment_facts *f,
    const char *state)
{
	struct json j = json_of(l->out);
	struct sbuf first = { 0 }, last = { 0 };

	put_bin(l, f->first, &first);
	put_bin(l, f->last, &last);
	json_object(&j, NULL);
	json_str(&j, "output", l->env != NULL ? l->env->name : NULL);
	json_str(&j, "folder", dir);
	json_str(&j, "segment", name);
	json_u64(&j, "seq", f->head.number);
	json_str(&j, "first_bin", first.text);
	json_str(&j, "last_bin", last.text);
	json_u64(&j, "rows", f->rows);
	json_u64(&j, "packets", f->packets);
	json_u64(&j, "bytes", f->bytes);
	json_u64(&j, "size", f->size);
	json_str(&j, "state", state);
	json_end(&j, '}');
	sbuf_char(l->out, '\n');
	sbuf_done(&first);
	sbuf_done(&last);
}

static void
list_segment(struct look *l, const char *dir, int fd, const char *name)
{
	struct segment_facts f;
	struct sbuf err = { 0 }, bin = { 0 };
	bool good = segment_read_facts(fd, name, &f, &err) == 0;

	l->segments++;
	if (!good) {
		l->bad++;
		fprintf(stderr, "waybill: %s/%s\n", dir, sbuf_text(&err));
	} else if (l->args->json) {
		put_json(l, dir, name, &f, state_of(l, &f));
	} else {
		if (l->segments - l->bad == 1)
			sbuf_printf(l->out, "%-26s %10s %-19s %10s %14s %16s %s\n", "SEGMENT", "SEQ",
			    "FIRST BIN", "ROWS", "PACKETS", "BYTES", "STATE");
		put_bin(l, f.first, &bin);
		sbuf_printf(l->out, "%-26s %10" PRIu64 " %-19s %10" PRIu64 " %14" PRIu64 " %16" PRIu64
		    " %s\n", name, f.head.number, bin.text, f.rows, f.packets, f.bytes,
		    state_of(l, &f));
	}
	sbuf_done(&bin);
	sbuf_done(&err);
}

int
journal_list_dir(const struct tool_args *args)
{
	struct sbuf out = { 0 };
	struct look l = { .args = args, .out = &out };

	if (args->word != NULL && strcmp(args->word, "list") != 0) {
		fprintf(stderr, "waybill: journal %s needs --conf: rows are of its aggregates\n",
		    args->word);
		return TOOL_FAILED;
	}
	if (access(args->dir, R_OK | X_OK) != 0) {
		fprintf(stderr, "waybill: %s: %s\n", args->dir, strerror(errno));
		return TOOL_FAILED;
	}
	walk(&l, args->dir, 2, list_segment);
	fputs(sbuf_text(&out), stdout);
	sbuf_done(&out);
	return l.bad > 0 ? TOOL_DIFFERS : TOOL_FINE;
}

/* --- show ----------------------------------------------------------------------------------------- */

struct showing {
	struct render *render;
	struct sbuf *out;
};

static int
show_bin(const struct rowset *rs, void *ctx)
{
	struct showing *s = ctx;

	for (size_t i = 0; i < rs->rows; i++)
		render_row(s->render, rs, i, wall_now(), s->out);
	return 0;
}

static void
show_segment(struct look *l, const char *dir, int fd, const char *name)
{
	struct render_conf conf = { .format = l->args->json ? RENDER_JSON : RENDER_CSV,
		.stamps = true, .style = l->env->style };
	struct names *names = (struct names *)(uintptr_t)l->env->names;
	struct bintab *tab = bintab_new(l->env->plan);
	struct showing s = { .render = render_new(l->env->plan, &conf), .out = l->out };
	struct segment_head head;
	struct sbuf err = { 0 };
	uint64_t size;
	size_t rows;

	if (segment_read_head(fd, name, &head, &size) == 0 &&
	    head.plan != segment_plan(l->env->plan)) {
		fprintf(stderr, "waybill: %s/%s was made under another aggregate\n", dir, name);
	} else if (segment_load(fd, name, l->env->plan, names, tab, &rows, &err) != 0) {
		l->bad++;
		fprintf(stderr, "waybill: %s/%s\n", dir, sbuf_text(&err));
	} else {
		if (l->segments++ == 0)
			render_header(s.render, l->out);
		bintab_each(tab, show_bin, &s);
	}
	render_free(s.render);
	bintab_free(tab);
	sbuf_done(&err);
}

/* --- replay --------------------------------------------------------------------------------------- */

static int
replay_all(struct play *p, struct journal *j, struct sbuf *out, struct sbuf *err)
{
	const struct plan *plan = p->env->plan;
	struct bintab *tab = bintab_new(plan);
	uint64_t seq, batches = 0;
	int ret = 0;

	/* Checkpoints since the last purge become a purge. */
	if (journal_recover(j, tab) > 0)
		ret = journal_batch(j, tab, &seq, err);
	bintab_clear(tab);
	while (ret == 0 && journal_next(j, tab, &seq)) {
		p->purge.seq = seq;
		p->purge.instance = journal_instance(j);
		ret = play_table(p, tab, err);
		if (ret == 0) {
			journal_ack(j, seq);
			batches++;
		}
		bintab_clear(tab);
	}
	bintab_free(tab);
	sbuf_printf(out, "%s: %" PRIu64 " purges, %zu rows, %" PRIu64 " of them set aside; %" PRIu64
	    " purges left\n", p->env->name, batches, p->rows, p->aside.rows,
	    counter_get(&journal_status(j)->batches));
	return ret;
}

static int
replay(const struct out_env *env, const char *dir, struct sbuf *out, struct sbuf *err)
{
	struct journal_conf conf = { .dir = dir, .subject = env->subject,
		.sync = JOURNAL_SYNC_BATCH };
	struct names *names = (struct names *)(uintptr_t)env->names;
	struct journal *j = NULL;
	struct play play = { .env = env };
	int ret = -1;

	if (access(dir, F_OK) != 0) {
		sbuf_printf(out, "%s: no journal in %s\n", env->name, dir);
		return TOOL_FINE;
	}
	j = journal_open(&conf, env->plan, names, err);
	if (j == NULL && strstr(sbuf_text(err), "in use") != NULL)
		sbuf_str(err, "; the daemon that holds it sends it by itself, or has to be stopped "
		    "first");
	if (j != NULL && play_open(&play, err) == 0)
		ret = replay_all(&play, j, out, err);
	play_close(&play);
	journal_close(j);
	return ret == 0 ? TOOL_FINE : TOOL_FAILED;
}

/* --- the command ---------------------------------------------------------------------------------- */

/* A database that is not there makes states unknown, and no more. */
static void
ask_database(struct look *l, struct sql_settings *set)
{
	struct sbuf err = { 0 };

	l->backend = sql_backend(l->env->type);
	if (settings_read(l->env, l->backend->engine, set, &err) == 0)
		l->db = sql_open_there(l->backend, &set->place, &err);
	sbuf_done(&err);
}

int
journal_tool(const struct tool_args *args, const struct out_env *env, struct sbuf *out,
    struct sbuf *err)
{
	const char *word = args->word != NULL ? args->word : "list";
	struct look l = { .args = args, .env = env, .out = out };
	struct sql_settings set = { 0 };
	struct sbuf dir = { 0 };
	int status = TOOL_FAILED;

	if (args->dir != NULL)
		sbuf_str(&dir, args->dir);
	else
		framejournal_dir(env, &dir);
	if (sql_backend(env->type) == NULL) {
		sbuf_str(err, "has no journal");
	} else if (strcmp(word, "list") == 0) {
		ask_database(&l, &set);
		walk(&l, dir.text, 1, list_segment);
		status = l.bad > 0 ? TOOL_DIFFERS : TOOL_FINE;
	} else if (strcmp(word, "show") == 0) {
		walk(&l, dir.text, 1, show_segment);
		status = l.bad > 0 ? TOOL_DIFFERS : TOOL_FINE;
	} else if (strcmp(word, "replay") == 0) {
		status = replay(env, dir.text, out, err);
	} else {
		sbuf_printf(err, "journal %s: the words are list, show and replay", word);
	}
	if (l.db != NULL)
		l.backend->close(l.db);
	settings_done(&set);
	sbuf_done(&dir);
	return status;
}
