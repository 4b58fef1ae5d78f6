/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame's side of the journal; files are journal.c's business. */
#include "out/framejournal.h"

#include <string.h>

#include "core/log.h"

/* Beside the file of a database that is one, so that a journal never meets another database. */
void
framejournal_dir(const struct out_env *env, struct sbuf *dir)
{
	const char *journal = conf_text(env->conf, CONF_ALL, "journal_dir");
	const char *state = conf_text(env->conf, CONF_ALL, "state_dir");
	const char *db = conf_text(env->conf, env->output, "db");
	size_t base;

	if (journal != NULL)
		sbuf_printf(dir, "%s/", journal);
	else if (state != NULL)
		sbuf_printf(dir, "%s/journal/", state);
	else if (db != NULL && strcmp(env->type, "sqlite3") == 0)
		sbuf_printf(dir, "%s.journal/", db);
	else
		sbuf_str(dir, WB_STATEDIR "/journal/");
	base = dir->len;
	sbuf_str(dir, env->name);
	for (char *p = dir->text + base; *p != '\0'; p++)
		if (*p == '/')
			*p = '_';
}

static enum journal_sync
find_sync(const struct out_env *env)
{
	const char *word = conf_text(env->conf, env->output, "journal_sync");

	if (word != NULL && strcmp(word, "none") == 0)
		return JOURNAL_SYNC_NONE;
	return word != NULL && strcmp(word, "slice") == 0 ? JOURNAL_SYNC_SLICE : JOURNAL_SYNC_BATCH;
}

void
framejournal_open(struct framejournal *f, const struct out_env *env)
{
	struct names *names = (struct names *)(uintptr_t)env->names;	/* any thread may put */
	struct sbuf dir = { 0 }, err = { 0 };
	struct journal_conf conf = { .subject = env->subject, .most_bytes = JOURNAL_MOST,
		.sync = find_sync(env) };

	framejournal_dir(env, &dir);
	conf.dir = dir.text;
	f->subject = env->subject;
	f->slices = conf_int(env->conf, env->output, "checkpoint_interval") > 0;
	f->journal = journal_open(&conf, env->plan, names, &err);
	if (f->journal == NULL)
		log_write(LOG_LVL_WARN, f->subject, "no journal: %s; rows that were not written yet "
		    "are lost in a crash", sbuf_text(&err));
	else
		f->fresh = bintab_new(env->plan);
	sbuf_done(&dir);
	sbuf_done(&err);
}

void
framejournal_recover(struct framejournal *f, struct bintab *tab)
{
	size_t rows = f->journal != NULL ? journal_recover(f->journal, tab) : 0;

	if (rows > 0)
		log_write(LOG_LVL_INFO, f->subject, "took %zu rows of an earlier run up from the "
		    "journal", rows);
}

void
framejournal_close(struct framejournal *f)
{
	journal_close(f->journal);
	bintab_free(f->fresh);
	*f = (struct framejournal){ 0 };
}

/* Once, until it works again. */
static void
say(struct framejournal *f, int ret, struct sbuf *err)
{
	if (ret != 0 && !f->said)
		log_write(LOG_LVL_ERROR, f->subject, "%s; going on with rows in memory only",
		    sbuf_text(err));
	else if (ret == 0 && f->said)
		log_write(LOG_LVL_INFO, f->subject, "the journal takes rows again");
	f->said = ret != 0;
	sbuf_done(err);
}

void
framejournal_checkpoint(struct framejournal *f, struct bintab *tab)
{
	struct sbuf err = { 0 };
	struct rowset all;

	if (bintab_rows(f->fresh) == 0)
		return;
	if (f->slices)
		say(f, journal_slice(f->journal, f->fresh, &err), &err);
	bintab_all(f->fresh, &all);
	bintab_add_rows(tab, &all);
	bintab_clear(f->fresh);
}

void
framejournal_batch(struct framejournal *f, const struct bintab *tab, struct purge *purge)
{
	struct sbuf err = { 0 };

	if (f->journal == NULL)
		return;
	purge->instance = journal_instance(f->journal);
	say(f, journal_batch(f->journal, tab, &purge->seq, &err), &err);
}

void
framejournal_ack(struct framejournal *f, const struct purge *purge)
{
	if (f->journal != NULL)
		journal_ack(f->journal, purge->seq);
}

bool
framejournal_waiting(const struct framejournal *f)
{
	return f->journal != NULL && counter_get(&journal_status(f->journal)->batches) > 0;
}

bool
framejournal_next(struct framejournal *f, struct bintab **ret_tab, struct purge *ret)
{
	struct bintab *tab;
	uint64_t seq;

	if (!framejournal_waiting(f))
		return false;
	tab = bintab_new(journal_plan(f->journal));
	if (!journal_next(f->journal, tab, &seq)) {
		bintab_free(tab);
		return false;
	}
	*ret_tab = tab;
	*ret = (struct purge){ .seq = seq, .now = wall_now(), .left_over = true,
		.instance = journal_instance(f->journal) };
	return true;
}

bool
framejournal_keep(struct framejournal *f, const struct bintab *tab)
{
	struct sbuf err = { 0 };
	uint64_t seq;
	int ret = 0;

	if (f->journal == NULL || f->said)
		return false;
	if (bintab_rows(tab) > 0)
		ret = journal_batch(f->journal, tab, &seq, &err);
	sbuf_done(&err);
	return ret == 0;
}
