/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: maps of rules over flows, read as pre_tag_map and as one of a value, and asked. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/flowmap.h"
#include "flow/tagging.h"

int	LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define FLOWS	3

static void
ask_tags(const char *path, const struct flow *given)
{
	struct conf_notes notes = { 0 };
	struct tagging *t = tagging_load(path, &notes);
	struct flow flow[FLOWS];

	assert((t != NULL) == (notes.errors == 0));
	if (t != NULL) {
		struct tagging_room *room = tagging_room_new();
		struct names *names = names_new(1000);

		tagging_use_names(t, names);
		for (unsigned i = 0; i < FLOWS; i++)
			flow[i] = given[i];
		tagging_run(t, room, NULL, flow, FLOWS);
		tagging_room_free(room);
		tagging_free(t);
		names_free(names);
	}
	conf_notes_done(&notes);
}

static void
ask_map(const char *path, const struct flow *flow)
{
	struct conf_notes notes = { 0 };
	struct flowmap *map = flowmap_load(FLOWMAP_PEER_SRC_AS, path, &notes);
	size_t at = 0, before = 0;

	assert((map != NULL) == (notes.errors == 0));
	while (map != NULL && flowmap_next(map, &(struct flowmap_subject){ .flow = flow }, &at) != NULL) {
		assert(at > before);
		before = at;
	}
	flowmap_free(map);
	conf_notes_done(&notes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct flow flow[FLOWS] = {
		{ .src = addr_of_v4(0x0a010203), .dst = addr_of_v4(0x0a090807), .proto = 6,
		  .dst_port = 80, .in_iface = 3, .peer_src_ip = addr_of_v4(0xac100001) },
		{ .src = { { 0x20, 1 } }, .dst = { { 0x20, 1, 2 } }, .proto = 17, .vlan = 11 },
	};
	char path[] = "/tmp/waybill-fuzz.XXXXXX";
	int fd = mkstemp(path);

	/* What a map includes may be any file of this machine. */
	if (memmem(bytes, len, "include=", 8) != NULL)
		len = 0;
	assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	ask_tags(path, flow);
	ask_map(path, &flow[0]);
	close(fd);
	unlink(path);
	return 0;
}
