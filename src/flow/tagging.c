/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tagging a batch: the first rule of each flow is found for all together, and so are those they
 * jump to.
 *
 * A label made of several is a name of its own. Which two made it is remembered per worker, so that
 * spelling and the lock of the names are for what is new.
 */
#include "flow/tagging.h"

#include <stdatomic.h>
#include <string.h>

#include "core/mem.h"
#include "core/sbuf.h"

#define JOINS	1024			/* remembered pairs of labels, a power of two */

struct tagging {
	struct rules *rules;
	struct names *names;		/* NULL: none, then there are no labels */
	_Atomic uint64_t *counter;	/* of rules with N++: the next number */
	uint8_t sets;			/* enum tag_sets of all rules */
};

struct join {
	uint32_t first, second, both;
};

struct tagging_room {
	struct flowmap_subject subject[RULES_BATCH];
	struct rules_found found[RULES_BATCH];
	uint32_t from[RULES_BATCH];
	uint64_t word[RULES_BATCH * RULES_WORDS];
	struct join join[JOINS];
};

/* What the rules have said of a flow so far. */
struct tags {
	uint64_t tag, tag2;
	uint32_t label;
	uint8_t sets, tos;		/* enum tag_sets: what was said */
};

/* ---- loading ----------------------------------------------------------------------------- */

static const char *
check(const void *result)
{
	const struct tag_result *r = result;

	if (r->crowded)
		return "set_tag, set_tag2 and set_label are for a rule each; jeq=next joins two";
	if (r->stack != STACK_NONE && (r->sets & (SETS_TAG | SETS_TAG2)) == 0)
		return "stack= is for rules with set_tag or set_tag2";
	return NULL;
}

static void
done(void *result)
{
	struct tag_result *r = result;

	if (r->sets & SETS_LABEL)
		mem_free(r->text);
}

static void
make_counters(struct tagging *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rules_count(t->rules); i++) {
		struct tag_result *r = rules_result(t->rules, i);

		t->sets |= r->sets;
		if (r->rising)
			r->id = n++;
	}
	t->counter = mem_array(n + 1, sizeof(*t->counter));
	for (uint32_t i = 0; i < rules_count(t->rules); i++) {
		struct tag_result *r = rules_result(t->rules, i);

		if (r->rising)
			atomic_init(&t->counter[r->id], r->tag);
	}
}

struct tagging *
tagging_load(const char *path, struct conf_notes *notes)
{
	const struct rules_kind kind = { .key = flow_keys, .keys = flow_key_count,
	    .map = 1u << FLOWMAP_TAGS, .result_size = sizeof(struct tag_result), .check = check,
	    .done = done, .jumps = true };
	struct rules *rules = rules_load(&kind, path, notes);
	struct tagging *t;

	if (rules == NULL)
		return NULL;
	t = mem_new(sizeof(*t));
	t->rules = rules;
	make_counters(t);
	rules_seal(rules);
	return t;
}

void
tagging_free(struct tagging *t)
{
	if (t == NULL)
		return;
	rules_free(t->rules);
	mem_free((void *)t->counter);
	mem_free(t);
}

void
tagging_use_names(struct tagging *t, struct names *names)
{
	t->names = names;
	for (uint32_t i = 0; i < rules_count(t->rules); i++) {
		struct tag_result *r = rules_result(t->rules, i);

		if (r->sets & SETS_LABEL)
			r->id = names_put(names, r->text, strlen(r->text));
	}
	rules_seal(t->rules);
}

const char *
tagging_label(const struct tagging *t, uint32_t id)
{
	return t->names != NULL ? names_get(t->names, id) : "";
}

uint32_t
tagging_needs(const struct tagging *t)
{
	return rules_needs(t->rules);
}

uint8_t
tagging_sets(const struct tagging *t)
{
	return t->sets;
}

struct tagging_room *
tagging_room_new(void)
{
	return mem_new(sizeof(struct tagging_room));
}

void
tagging_room_free(struct tagging_room *room)
{
	mem_free(room);
}

/* ---- what rules say ---------------------------------------------------------------------- */

/* "first,second"; where the pool of names is full, the first alone. */
static uint32_t
spell_both(struct names *names, uint32_t first, uint32_t second)
{
	struct sbuf text = { 0 };
	uint32_t both;

	sbuf_printf(&text, "%s,%s", names_get(names, first), names_get(names, second));
	both = names_put(names, text.text, text.len);
	sbuf_done(&text);
	return both != 0 ? both : first;
}

static uint32_t
join_labels(const struct tagging *t, struct tagging_room *room, uint32_t first, uint32_t second)
{
	struct join *join = &room->join[(first * 2654435761u ^ second * 40503u) % JOINS];

	if (first == 0 || second == 0)
		return first | second;
	if (join->first != first || join->second != second)
		*join = (struct join){ first, second, spell_both(t->names, first, second) };
	return join->both;
}

static uint64_t
stacked(const struct tag_result *r, uint64_t before, uint64_t now)
{
	switch ((enum tag_stack)r->stack) {
	case STACK_SUM:
		return before + now;
	case STACK_OR:
		return before | now;
	case STACK_NONE:
		break;
	}
	return now;
}

static inline void
apply(const struct tagging *t, struct tagging_room *room, const struct tag_result *r,
    struct tags *tags)
{
	uint64_t n = r->sets & SETS_LABEL ? 0 : r->tag;

	if (r->rising)
		n = atomic_fetch_add_explicit(&t->counter[r->id], 1, memory_order_relaxed);
	tags->sets |= r->sets;
	if (r->sets & SETS_TAG)
		tags->tag = stacked(r, tags->tag, n);
	else if (r->sets & SETS_TAG2)
		tags->tag2 = stacked(r, tags->tag2, n);
	else if (r->sets & SETS_LABEL)
		tags->label = join_labels(t, room, tags->label, r->id);
	if (r->sets & SETS_TOS)
		tags->tos = r->tos;
}

static inline void
put_tags(const struct tags *tags, struct flow *flow)
{
	flow->r.tag = tags->sets & SETS_TAG ? tags->tag : flow->tag;
	flow->r.tag2 = tags->sets & SETS_TAG2 ? tags->tag2 : flow->tag2;
	flow->r.label = tags->sets & SETS_LABEL ? tags->label : flow->label;
	flow->has = tags->sets & SETS_IGNORE ? flow->has | FLOW_IGNORED : flow->has & ~FLOW_IGNORED;
	if (tags->sets & SETS_TOS)
		flow->r.tos = tags->tos;
}

/* ---- asking ------------------------------------------------------------------------------ */

static inline struct flowmap_subject
subject_of(const struct rib *rib, const struct flow *flow)
{
	return (struct flowmap_subject){ .flow = flow, .rib = rib };
}

/* What the rules that were found say. False: none of them jumps. */
static bool
take_rules(const struct tagging *t, struct tagging_room *room, struct tags *tags, unsigned n)
{
	bool jumps = false;

	for (unsigned i = 0; i < n; i++) {
		const struct rules_found *found = &room->found[i];

		room->from[i] = RULES_NONE;
		if (found->rule == RULES_NONE)
			continue;
		apply(t, room, found->result, &tags[i]);
		room->from[i] = rules_found_jump(found);
		jumps |= room->from[i] != RULES_NONE;
	}
	return jumps;
}

/* Round by round, until nobody jumps any more: each jump is forward. */
static void
run_some(const struct tagging *t, struct tagging_room *room, const struct rib *rib,
    struct flow *flow, unsigned n)
{
	const size_t stride = sizeof(room->subject[0]);
	struct tags tags[RULES_BATCH];

	for (unsigned i = 0; i < n; i++) {
		room->subject[i].flow = &flow[i];
		room->subject[i].rib = rib;
		tags[i] = (struct tags){ .sets = 0 };
	}
	rules_find_many(t->rules, room->subject, stride, n, room->word, NULL, room->found);
	while (take_rules(t, room, tags, n))
		rules_find_many(t->rules, room->subject, stride, n, room->word, room->from,
		    room->found);
	for (unsigned i = 0; i < n; i++)
		put_tags(&tags[i], &flow[i]);
}

void
tagging_run(const struct tagging *t, struct tagging_room *room, const struct rib *rib,
    struct flow *flow, unsigned n)
{
	for (unsigned at = 0; at < n; at += RULES_BATCH)
		run_some(t, room, rib, flow + at, n - at < RULES_BATCH ? n - at : RULES_BATCH);
}

size_t
tagging_steps(const struct tagging *t, const struct rib *rib, const struct flow *flow,
    struct tagging_step *ret, size_t room)
{
	const struct flowmap_subject subject = subject_of(rib, flow);
	uint64_t word[RULES_WORDS];
	uint32_t from = 0;
	size_t n = 0;

	rules_take(t->rules, &subject, word);
	while (n < room && from != RULES_NONE) {
		uint32_t rule = rules_find(t->rules, &subject, word, from);

		if (rule == RULES_NONE)
			break;
		ret[n].line = rules_line(t->rules, rule, &ret[n].file);
		from = rules_jump(t->rules, rule);
		n++;
	}
	return n;
}
