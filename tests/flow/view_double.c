/* SPDX-License-Identifier: BSD-2-Clause */
#include "view_double.h"

#include <assert.h>
#include <stdlib.h>

#include "core/mem.h"

#define MOST	32

struct view {
	struct addr session, id;
	uint64_t rd;
	struct { struct prefix prefix; uint32_t path; } route[MOST];
	unsigned routes;
	bool down;
};

struct rib {
	struct view view[MOST];
	struct path path[MOST];
	struct addr addr[MOST];
	struct comm_set comms[MOST];
	unsigned views, paths;
	uint32_t generation;
	uint32_t *finds;		/* counted behind a const pointer */
};

struct rib *
rib_double_new(void)
{
	struct rib *rib = mem_new(sizeof(*rib));

	rib->finds = mem_new(sizeof(*rib->finds));
	return rib;
}

void
rib_double_free(struct rib *rib)
{
	mem_free(rib->finds);
	mem_free(rib);
}

unsigned
rib_double_router(struct rib *rib, const char *session, const char *id, uint64_t rd)
{
	struct view *view = &rib->view[rib->views];

	assert(rib->views < MOST && addr_parse(session, &view->session) == 0);
	if (id != NULL)
		assert(addr_parse(id, &view->id) == 0);
	view->rd = rd;
	rib->generation++;
	return rib->views++;
}

uint32_t
rib_double_route(struct rib *rib, unsigned router, const char *prefix, uint32_t peer_as,
    uint32_t origin_as, const char *next_hop)
{
	struct view *view = &rib->view[router];
	uint32_t id = ++rib->paths;

	assert(id < MOST && view->routes < MOST);
	assert(prefix_parse(prefix, &view->route[view->routes].prefix) == 0);
	assert(addr_parse(next_hop, &rib->addr[id]) == 0);
	view->route[view->routes++].path = id;
	rib->comms[id] = (struct comm_set){ 100 + id, 200 + id, 300 + id };
	rib->path[id] = (struct path){ .aspath = 1000 + id, .comm_set = id, .next_hop = id,
	    .med = 10 + id, .local_pref = 50 + id, .origin_as = origin_as, .peer_as = peer_as,
	    .flags = peer_as == 0 ? PATH_EMPTY_ASPATH : 0 };
	return id;
}

void
rib_double_down(struct rib *rib, unsigned router, bool down)
{
	rib->view[router].down = down;
	rib->generation++;
}

struct path *
rib_double_path(struct rib *rib, uint32_t id)
{
	return &rib->path[id];
}

uint32_t
rib_double_finds(const struct rib *rib)
{
	return *rib->finds;
}

uint32_t
rib_generation(const struct rib *rib)
{
	return rib->generation;
}

const struct view *
view_find(const struct rib *rib, const struct addr *router, uint64_t rd, bool by_router_id)
{
	++*rib->finds;
	for (unsigned i = 0; by_router_id && i < rib->views; i++)
		if (addr_eq(&rib->view[i].id, router) && rib->view[i].rd == rd)
			return &rib->view[i];
	for (unsigned i = 0; i < rib->views; i++)
		if (addr_eq(&rib->view[i].session, router) && rib->view[i].rd == rd)
			return &rib->view[i];
	return NULL;
}

uint64_t
view_rd(const struct view *view)
{
	return view->rd;
}

static struct route
look_up(const struct rib *rib, const struct view *view, const struct addr *addr,
    const struct addr *hint)
{
	struct route best = { .path = 0 };

	for (unsigned i = 0; i < view->routes; i++) {
		const struct prefix *prefix = &view->route[i].prefix;
		uint32_t path = view->route[i].path;
		bool hinted = hint != NULL && addr_eq(hint, &rib->addr[path]);

		if (!prefix_covers(prefix, addr) || (best.path != 0 && (prefix->len < best.len ||
		    (prefix->len == best.len && !hinted))))
			continue;
		best.path = path;
		best.len = prefix->len;
		best.kind = prefix->len == 0 ? ROUTE_DEFAULT :
		    rib->path[path].flags & PATH_EMPTY_ASPATH ? ROUTE_OWN : ROUTE_FOUND;
	}
	return best;
}

static void
look_up_end(const struct rib *rib, const struct view *const view[], const struct view_end *end, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *a = (const char *)end->addr.first + i * end->addr.stride;
		const char *h = (const char *)end->hint.first + i * end->hint.stride;
		struct route *ret = &end->ret[i];

		*ret = (struct route){ .kind = ROUTE_NONE };
		if (view[i] != NULL)
			*ret = look_up(rib, view[i], (const void *)a,
			    end->hint.first != NULL ? (const void *)h : NULL);
		ret->record = &rib->path[ret->path];
	}
}

void
view_lookup_ends(const struct rib *rib, const struct view *const view[], const struct view_end *end,
    size_t ends, size_t n)
{
	for (size_t e = 0; e < ends; e++)
		look_up_end(rib, view, &end[e], n);
}

bool
view_shorter(const struct rib *rib, const struct view *view, const struct addr *a, uint8_t len,
    struct route *ret)
{
	struct route route = { .path = 0 };

	for (unsigned i = 0; i < view->routes; i++) {
		const struct prefix *prefix = &view->route[i].prefix;

		if (prefix->len < len && prefix_covers(prefix, a) &&
		    (route.path == 0 || prefix->len > route.len))
			route = (struct route){ .path = view->route[i].path, .len = prefix->len,
			    .kind = ROUTE_FOUND, .record = &rib->path[view->route[i].path] };
	}
	if (route.path != 0)
		*ret = route;
	return route.path != 0;
}

void
rib_comm_sets_prefetch(const struct rib *rib, const struct route *route, size_t n)
{
	(void)rib, (void)route, (void)n;
}

bool
view_is_up(const struct view *view)
{
	return !view->down;
}

/* Who had which path is the real one's to know. */
size_t
view_candidates(const struct rib *rib, const struct view *view, const struct addr *addr,
    const struct addr *hint, struct view_candidate *ret, size_t room, struct view_answer *ret_answer)
{
	struct route route = look_up(rib, view, addr, hint);

	*ret_answer = (struct view_answer){ .why = VIEW_ALONE };
	if (route.path == 0 || room == 0)
		return 0;
	ret[0] = (struct view_candidate){ "double", route.path };
	return 1;
}

const char *
teller_rib_name(unsigned rib)
{
	(void)rib;
	return "RIB";
}

const struct path *
rib_path(const struct rib *rib, uint32_t id)
{
	return &rib->path[id];
}

const struct comm_set *
rib_comm_set(const struct rib *rib, uint32_t id)
{
	return &rib->comms[id];
}

struct addr
rib_addr(const struct rib *rib, uint32_t id)
{
	return rib->addr[id];
}

/* The "AS path" is a byte string that only aspath_text below understands. */
const uint8_t *
rib_attr(const struct rib *rib, enum attr_kind kind, uint32_t id, size_t *ret_len)
{
	(void)kind;
	*ret_len = id == 0 ? 0 : sizeof(struct path);
	return id == 0 ? NULL : (const uint8_t *)&rib->path[id - 1000];
}

void
aspath_text(struct sbuf *b, const uint8_t *bytes, size_t len, char separator)
{
	const struct path *path = (const void *)bytes;

	if (len != 0 && path->peer_as != 0)
		sbuf_printf(b, "%u%c%u", path->peer_as, separator, path->origin_as);
}
