/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allow file (an address or prefix per line; an empty file allows nobody) and the file of TCP
 * MD5 keys (`IP, key` per line, RFC 2385). Lines that begin with ! or # are comments.
 */
#include "bgp/access.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"

#define MOST_LINES	65536

/* The text of a line without blanks around it; NULL where it says nothing. */
static char *
trim(char *line)
{
	char *end = line + strlen(line);

	while (isspace((unsigned char)*line))
		line++;
	while (end > line && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return *line == '\0' || *line == '!' || *line == '#' ? NULL : line;
}

/* Calls `take` for each line that says something; 0, or -1 with err. */
static int
read_lines(const char *file, int (*take)(struct access *a, char *text, struct sbuf *err),
    struct access *a, struct sbuf *err)
{
	FILE *f = fopen(file, "r");
	char *line = NULL, *text;
	unsigned number = 0;
	size_t room = 0;
	int result = 0;

	if (f == NULL) {
		sbuf_printf(err, "%s: %s", file, strerror(errno));
		return -1;
	}
	while (result == 0 && number < MOST_LINES && getline(&line, &room, f) >= 0) {
		struct sbuf why = { 0 };

		number++;
		if ((text = trim(line)) != NULL && take(a, text, &why) != 0) {
			sbuf_printf(err, "%s:%u: %s", file, number, sbuf_text(&why));
			result = -1;
		}
		sbuf_done(&why);
	}
	free(line);
	fclose(f);
	return result;
}

static int
take_allow(struct access *a, char *text, struct sbuf *err)
{
	struct prefix p;

	if (prefix_parse(text, &p) != 0) {
		sbuf_quoted(err, text, strlen(text));
		sbuf_str(err, " is neither an address nor a prefix");
		return -1;
	}
	a->allow = mem_grow(a->allow, a->allow_count + 1, sizeof(*a->allow));
	a->allow[a->allow_count++] = p;
	return 0;
}

static int
take_key(struct access *a, char *text, struct sbuf *err)
{
	char *comma = strchr(text, ','), *ip, *key;
	struct md5_key k = { .key = "" };

	if (comma == NULL) {
		sbuf_str(err, "a line has the form \"IP, key\"");
		return -1;
	}
	*comma = '\0';
	ip = trim(text);
	/* A key may begin with any character, also one that begins comments. */
	for (key = comma + 1; isspace((unsigned char)*key); key++)
		;
	if (ip == NULL || addr_parse(ip, &k.peer) != 0) {
		sbuf_str(err, "the part before the comma is not an address");
		return -1;
	}
	if (*key == '\0' || strlen(key) > TCP_MD5_KEY_MAX) {
		sbuf_printf(err, "a key has 1 to %u characters", TCP_MD5_KEY_MAX);
		return -1;
	}
	memcpy(k.key, key, strlen(key));
	a->keys = mem_grow(a->keys, a->key_count + 1, sizeof(*a->keys));
	a->keys[a->key_count++] = k;
	return 0;
}

int
access_read(struct access *ret, const char *allow_file, const char *md5_file, struct sbuf *err)
{
	struct access a = { .all = allow_file == NULL };

	if ((allow_file != NULL && read_lines(allow_file, take_allow, &a, err) != 0) ||
	    (md5_file != NULL && read_lines(md5_file, take_key, &a, err) != 0)) {
		access_done(&a);
		return -1;
	}
	*ret = a;
	return 0;
}

void
access_done(struct access *access)
{
	if (access->keys != NULL)
		memset(access->keys, 0, access->key_count * sizeof(*access->keys));
	mem_free(access->allow);
	mem_free(access->keys);
	*access = (struct access){ .all = false };
}

bool
access_allows(const struct access *access, const struct addr *a)
{
	for (size_t i = 0; i < access->allow_count; i++)
		if (prefix_covers(&access->allow[i], a))
			return true;
	return access->all;
}

static bool
has_key(const struct access *access, const struct addr *peer)
{
	for (size_t i = 0; i < access->key_count; i++)
		if (addr_eq(&access->keys[i].peer, peer))
			return true;
	return false;
}

int
access_sign(const struct access *access, const struct access *old, int fd, struct sbuf *err)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; old != NULL && i < old->key_count; i++)
		if (!has_key(access, &old->keys[i].peer))
			(void)tcp_md5_key(fd, &old->keys[i].peer, "", 0);
	for (size_t i = 0; i < access->key_count; i++) {
		const struct md5_key *k = &access->keys[i];

		if (tcp_md5_key(fd, &k->peer, k->key, strlen(k->key)) == 0)
			continue;
		sbuf_printf(err, "TCP MD5 key of %s: %s", addr_text(&k->peer, text),
		    strerror(errno));
		return -1;
	}
	return 0;
}
