/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters: 64-bit numbers that one thread raises and any thread reads. A family of counters is a
 * struct of counter_t beside a const table of rows, from which status, metrics and the check of
 * the books are made; a new counter is a field and a row.
 */
#ifndef WB_CORE_COUNTER_H
#define WB_CORE_COUNTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct { _Atomic uint64_t n; } counter_t;

/* One writer per counter, so a plain load and store do: no locked instruction on the hot path. */
static inline void
count_add(counter_t *c, uint64_t by)
{
	atomic_store_explicit(&c->n,
	    atomic_load_explicit(&c->n, memory_order_relaxed) + by, memory_order_relaxed);
}

static inline void
count(counter_t *c)
{
	count_add(c, 1);
}

static inline uint64_t
counter_get(const counter_t *c)
{
	return atomic_load_explicit(&((counter_t *)(uintptr_t)c)->n, memory_order_relaxed);
}

static inline void
counter_set(counter_t *c, uint64_t n)
{
	atomic_store_explicit(&c->n, n, memory_order_relaxed);
}

/* What a counter means in a balance: in + made = out + dropped + held (DESIGN.md, decision 8). */
enum counter_kind {
	COUNTER_INFO,		/* stands outside of the balance */
	COUNTER_LEVEL,		/* as well, and goes down again */
	COUNTER_IN,		/* received */
	COUNTER_MADE,		/* made here: the reverse of a biflow, sum_*, splits */
	COUNTER_OUT,		/* handed on */
	COUNTER_DROP,		/* ended here, by this name */
	COUNTER_HELD,		/* held now; goes down again */
};

static inline bool
counter_is_level(enum counter_kind kind)
{
	return kind == COUNTER_HELD || kind == COUNTER_LEVEL;
}

struct counter_row {
	const char *name;		/* as in metrics and JSON: lower case with underscores */
	size_t at;			/* offset of the counter_t in its struct */
	enum counter_kind kind;
	const char *help;		/* one line for people */
};

static inline counter_t *
counter_at(void *family, const struct counter_row *row)
{
	return (counter_t *)((char *)family + row->at);
}

/* in + made - out - dropped - held over the rows; 0 when the books balance. */
int64_t	counter_balance(const void *family, const struct counter_row *rows, size_t count);

#endif
