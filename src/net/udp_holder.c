/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who holds a UDP port: the inode from /proc/net/udp and udp6, the process from the links in
 * /proc/PID/fd. Best effort: other users' processes are only seen by root.
 */
#include "net/udp_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

/* The inode of a socket bound to the port in one table of the kernel, 0 where there is none. */
static uint64_t
inode_in(const char *path, uint16_t port)
{
	char line[512], local[80];
	uint64_t inode, found = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return 0;
	while (found == 0 && fgets(line, sizeof(line), f) != NULL) {
		const char *colon;

		/* sl local remote st queues timer retransmits uid timeout inode */
		if (sscanf(line, " %*s %79s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
		    local, &inode) != 2)
			continue;
		colon = strrchr(local, ':');
		if (colon != NULL && strtoul(colon + 1, NULL, 16) == port)
			found = inode;
	}
	fclose(f);
	return found;
}

/* Has the process a descriptor that is this socket? */
static bool
holds(const char *pid, const char *socket)
{
	char path[300], target[64];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!found && (e = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			found = strcmp(target, socket) == 0;
		}
	}
	closedir(dir);
	return found;
}

static void
add_process(const char *pid, struct sbuf *b)
{
	char path[300], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f != NULL) {
		if (fgets(name, sizeof(name), f) != NULL)
			name[strcspn(name, "\n")] = '\0';
		fclose(f);
	}
	sbuf_printf(b, "%s (pid %s)", name[0] != '\0' ? name : "a process", pid);
}

void
udp_holder(uint16_t port, struct sbuf *b)
{
	static const char *const tables[] = { "/proc/net/udp", "/proc/net/udp6" };
	char socket[48];
	uint64_t inode = 0;
	bool found = false;
	struct dirent *e;
	DIR *proc;

	for (size_t i = 0; i < ARRAY_LEN(tables) && inode == 0; i++)
		inode = inode_in(tables[i], port);
	proc = inode != 0 ? opendir("/proc") : NULL;
	snprintf(socket, sizeof(socket), "socket:[%" PRIu64 "]", inode);
	while (proc != NULL && !found && (e = readdir(proc)) != NULL) {
		found = isdigit((unsigned char)e->d_name[0]) && holds(e->d_name, socket);
		if (found)
			add_process(e->d_name, b);
	}
	if (proc != NULL)
		closedir(proc);
	if (!found)
		sbuf_str(b, "another process");
}
