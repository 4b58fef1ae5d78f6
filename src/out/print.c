/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `print` output (compat/interface.md 13.2). A bin's rows are sorted by the file they belong to
 * (one, unless the name has a variable of the row), and each file gets its header once and its rows
 * behind what earlier purges of this run wrote. When one file cannot be written, all files of that
 * bin go back to what they were and the frame tries again.
 */
#include "out/print.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "core/log.h"
#include "core/mem.h"
#include "out/dynname.h"
#include "out/printfile.h"
#include "out/render.h"

#define WRITE_BYTES	65536

struct print {
	struct out_env env;
	struct render *render;
	bool json, markers, write_empty, history;
	const char *file, *latest;	/* patterns; NULL: standard output, no link */
	struct printfile_conf files;
	struct dynname_env name;	/* what all names have in common */
	wall_t linked;			/* the bin the latest link points at */
	bool link_warned;
};

/* The rows of a bin, by file. */
struct parts {
	struct valtab *names;		/* id - 1: the number of the part */
	uint32_t *part;			/* [row] */
	size_t count;
};

static wall_t
name_time(const struct print *pr, const struct purge *purge, wall_t bin)
{
	return pr->history ? bin : purge->now;
}

/* The expanded name for a row; rs NULL: without one. */
static void
file_name(const struct print *pr, const char *pattern, wall_t time, const struct rowset *rs,
    size_t row, struct sbuf *out)
{
	struct dynname_env env = pr->name;

	env.time = time;
	env.rs = rs;
	env.row = row;
	sbuf_clear(out);
	dynname_expand(pattern, &env, out);
}

static struct parts
split_by_name(const struct print *pr, const struct rowset *rs, wall_t time)
{
	struct parts parts = { .names = valtab_new() };
	struct sbuf name = { 0 };

	parts.part = mem_array(rs->rows, sizeof(*parts.part));
	if (pr->file == NULL || !dynname_has_row(pr->file)) {
		parts.count = 1;
		return parts;
	}
	for (size_t i = 0; i < rs->rows; i++) {
		file_name(pr, pr->file, time, rs, i, &name);
		parts.part[i] = valtab_put(parts.names, name.text, name.len) - 1;
	}
	parts.count = valtab_count(parts.names);
	sbuf_done(&name);
	return parts;
}

static void
parts_done(struct parts *parts)
{
	valtab_free(parts->names);
	mem_free(parts->part);
}

static void
put_marker(const struct print *pr, bool end, size_t rows, struct sbuf *out)
{
	struct json j = json_of(out);
	struct sbuf writer = { 0 };

	if (!pr->json) {
		sbuf_printf(out, "--%s (%d)--\n", end ? "END" : "START", (int)getpid());
		return;
	}
	sbuf_printf(&writer, "%s/%d", pr->env.name, (int)getpid());
	json_object(&j, NULL);
	json_str(&j, "event_type", end ? "purge_close" : "purge_init");
	json_str(&j, "writer_id", sbuf_text(&writer));
	if (end) {
		json_u64(&j, "purged_entries", rows);
		json_u64(&j, "total_entries", rows);
		json_u64(&j, "duration", 0);
	}
	json_end(&j, '}');
	sbuf_char(out, '\n');
	sbuf_done(&writer);
}

/* Rows of one part; rs may be NULL for a file with no rows at all. */
static int
write_rows(const struct print *pr, struct printfile *f, const struct purge *purge,
    const struct rowset *rs, const struct parts *parts, uint32_t part, struct sbuf *err)
{
	struct sbuf text = { 0 };
	size_t written = 0;
	int ret = 0;

	if (pr->markers)
		put_marker(pr, false, 0, &text);
	if (f->fresh)
		render_header(pr->render, &text);
	for (size_t i = 0; rs != NULL && i < rs->rows && ret == 0; i++) {
		if (parts->part[i] != part)
			continue;
		render_row(pr->render, rs, i, purge->now, &text);
		written++;
		if (text.len >= WRITE_BYTES) {
			ret = printfile_write(f, &text, err);
			sbuf_clear(&text);
		}
	}
	if (pr->markers)
		put_marker(pr, true, written, &text);
	if (ret == 0)
		ret = printfile_write(f, &text, err);
	sbuf_done(&text);
	return ret;
}

static void
link_latest(struct print *pr, const char *path, wall_t bin)
{
	struct sbuf link = { 0 }, err = { 0 };

	if (pr->latest == NULL || bin.ns < pr->linked.ns)
		return;
	file_name(pr, pr->latest, bin, NULL, 0, &link);
	if (printfile_link(sbuf_text(&link), path, &pr->files, &err) == 0) {
		pr->linked = bin;
		pr->link_warned = false;
	} else if (!pr->link_warned) {
		log_write(LOG_LVL_WARN, pr->env.subject, "print_latest_file: %s", sbuf_text(&err));
		pr->link_warned = true;
	}
	sbuf_done(&link);
	sbuf_done(&err);
}

static int
print_write(void *self, const struct purge *purge, const struct rowset *rs, struct sbuf *err)
{
	struct print *pr = self;
	wall_t time = name_time(pr, purge, rs->bin);
	struct parts parts = split_by_name(pr, rs, time);
	struct printfile *file = mem_array(parts.count, sizeof(*file));
	struct sbuf name = { 0 };
	size_t opened = 0;
	int ret = 0;

	for (size_t row = 0; opened < parts.count && ret == 0; row++) {
		struct printfile *f = &file[opened];

		if (parts.part[row] != opened)
			continue;	/* parts are numbered in the order of their first rows */
		if (pr->file != NULL)
			file_name(pr, pr->file, time, rs, row, &name);
		ret = printfile_open(pr->file != NULL ? sbuf_text(&name) : NULL, &pr->files, f, err);
		if (ret != 0)
			break;
		ret = write_rows(pr, f, purge, rs, &parts, (uint32_t)opened++, err);
		if (ret == 0)
			ret = printfile_close(f, err);
	}
	for (size_t i = 0; i < opened; i++) {
		if (ret != 0)
			printfile_undo(&file[i]);
		else if (file[i].path != NULL)
			link_latest(pr, file[i].path, time);
		printfile_done(&file[i]);
	}
	mem_free(file);
	parts_done(&parts);
	sbuf_done(&name);
	return ret;
}

/* A purge without rows: the file all the same, where that is wanted. */
static void
print_purged(void *self, const struct purge *purge, size_t rows)
{
	struct print *pr = self;
	struct sbuf name = { 0 }, err = { 0 };
	struct printfile f;
	wall_t time = purge->now;

	if (rows > 0 || !pr->write_empty || pr->file == NULL || dynname_has_row(pr->file))
		return;
	if (pr->history)
		time.ns = bins_start(&pr->env.plan->bins, purge->now.ns);
	file_name(pr, pr->file, time, NULL, 0, &name);
	if (printfile_open(sbuf_text(&name), &pr->files, &f, &err) == 0) {
		if (write_rows(pr, &f, purge, NULL, NULL, 0, &err) != 0)
			printfile_undo(&f);
		printfile_done(&f);
	}
	if (err.len > 0)
		log_write(LOG_LVL_WARN, pr->env.subject, "print_write_empty_file: %s",
		    sbuf_text(&err));
	sbuf_done(&name);
	sbuf_done(&err);
}

static int
read_format(struct print *pr, struct render_conf *rc, struct sbuf *err)
{
	const struct conf *conf = pr->env.conf;
	const char *format = conf_text(conf, pr->env.output, "message_output");
	const char *separator = conf_text(conf, pr->env.output, "print_output_separator");

	rc->style = pr->env.style;
	rc->event_type = true;
	rc->stamps = pr->history;
	if (render_parse_format(format != NULL ? format : "formatted", rc) != 0) {
		sbuf_printf(err, "print_output: '%s' is not one of formatted, csv, json,"
		    " event_formatted, event_csv", format);
		return -1;
	}
	if (separator != NULL && (rc->separator = render_parse_separator(separator)) == '\0') {
		sbuf_printf(err, "print_output_separator: '%s' is neither one character nor \\t or"
		    " \\s", separator);
		return -1;
	}
	return 0;
}

/* A user or group, by name or number; -1: as it comes. */
static uint32_t
read_owner(const struct print *pr, const char *var, bool group)
{
	const char *text = conf_text(pr->env.conf, pr->env.output, var);
	char room[4096], *end;
	struct passwd pw, *user = NULL;
	struct group gr, *found = NULL;
	unsigned long id;

	if (text == NULL)
		return UINT32_MAX;
	id = strtoul(text, &end, 10);
	if (*text != '\0' && *end == '\0')
		return (uint32_t)id;
	if (group && getgrnam_r(text, &gr, room, sizeof(room), &found) == 0 && found != NULL)
		return gr.gr_gid;
	if (!group && getpwnam_r(text, &pw, room, sizeof(room), &user) == 0 && user != NULL)
		return pw.pw_uid;
	log_write(LOG_LVL_WARN, pr->env.subject, "%s: '%s' is not known here; files stay ours", var,
	    text);
	return UINT32_MAX;
}

static void
read_files(struct print *pr)
{
	const struct conf *conf = pr->env.conf;
	size_t n = pr->env.output;

	pr->file = conf_text(conf, n, "table");
	pr->latest = pr->file != NULL ? conf_text(conf, n, "print_latest_file") : NULL;
	pr->markers = conf_bool(conf, n, "markers");
	pr->write_empty = conf_bool(conf, n, "print_write_empty_file");
	pr->files = (struct printfile_conf){
		.since = wall_now(),
		.append = conf_bool(conf, n, "print_output_file_append"),
		.umask = (mode_t)conf_int(conf, n, "files_umask"),
		.uid = (uid_t)read_owner(pr, "files_uid", false),
		.gid = (gid_t)read_owner(pr, "files_gid", true),
	};
	pr->name = (struct dynname_env){
		.utc = pr->env.style.utc,
		.refresh_s = conf_int(conf, n, "refresh_time"),
		.history_s = pr->env.plan->bins.length_ns / NS_PER_SEC,
		.post_tag = (uint64_t)conf_int(conf, n, "post_tag"),
		.post_tag2 = (uint64_t)conf_int(conf, n, "post_tag2"),
	};
}

static void *
print_open(const struct out_env *env, struct sbuf *err)
{
	struct print *pr = mem_new(sizeof(*pr));
	struct render_conf rc = { 0 };

	pr->env = *env;
	pr->history = env->plan->bins.length_ns != 0 || env->plan->bins.months != 0;
	if (read_format(pr, &rc, err) != 0) {
		mem_free(pr);
		return NULL;
	}
	read_files(pr);
	pr->json = rc.format == RENDER_JSON;
	pr->render = render_new(env->plan, &rc);
	return pr;
}

static void
print_check(const struct out_env *env, struct conf_notes *notes)
{
	struct print pr = { .env = *env };
	struct render_conf rc = { 0 };
	struct sbuf err = { 0 };
	const char *file = conf_text(env->conf, env->output, "table");
	const char *where;
	unsigned line;

	if (read_format(&pr, &rc, &err) != 0) {
		line = conf_where(env->conf, env->output, "message_output", &where);
		conf_note(notes, CONF_NOTE_ERROR, where, line, "%s", sbuf_text(&err));
	}
	if (file == NULL && conf_given(env->conf, env->output, "print_latest_file")) {
		line = conf_where(env->conf, env->output, "print_latest_file", &where);
		conf_note(notes, CONF_NOTE_WARNING, where, line,
		    "print_latest_file has nothing to point at without print_output_file");
	}
	sbuf_done(&err);
}

static void
print_close(void *self)
{
	struct print *pr = self;

	render_free(pr->render);
	mem_free(pr);
}

const struct out_kind out_print = {
	.type = "print",
	.open = print_open,
	.check = print_check,
	.write = print_write,
	.purged = print_purged,
	.close = print_close,
};
