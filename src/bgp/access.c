/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allow file (conf/allow.h) and the file of TCP MD5 keys (`IP, key` per line, RFC 2385; lines that
 * begin with ! or # are comments).
 */
#include "bgp/access.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "conf/mapfile.h"
#include "core/mem.h"

_Static_assert(TCP_MD5_KEY_MAX == 80, "as the message below says");

/* "IP, key" of one line; what is wrong with it, or NULL. */
static const char *
take_key(struct access *a, char *text)
{
	char *comma = strchr(text, ','), *end = comma, *key;
	struct md5_key k = { .key = "" };

	if (comma == NULL)
		return "a line has the form \"IP, key\"";
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	/* A key may begin with any character, also one that begins comments. */
	for (key = comma + 1; isspace((unsigned char)*key); key++)
		;
	if (addr_parse(text, &k.peer) != 0)
		return "the part before the comma is not an address";
	if (*key == '\0' || strlen(key) > TCP_MD5_KEY_MAX)
		return "a key has 1 to 80 characters";
	memcpy(k.key, key, strlen(key));
	a->keys = mem_grow(a->keys, a->key_count + 1, sizeof(*a->keys));
	a->keys[a->key_count++] = k;
	return NULL;
}

static void
read_keys(struct access *a, const char *file, struct conf_notes *notes)
{
	struct mapfile *mf = mapfile_open(file, notes);
	unsigned number;
	char *line;

	while (mf != NULL && (line = mapfile_line(mf, &number)) != NULL) {
		const char *wrong = take_key(a, line);

		if (wrong != NULL)
			conf_note(notes, CONF_NOTE_ERROR, file, number, "%s", wrong);
	}
	mapfile_close(mf);
}

int
access_read(struct access *ret, const char *allow_file, const char *md5_file,
    struct conf_notes *notes)
{
	struct access a = { .allow = NULL };
	size_t errors = notes->errors;

	if (allow_file != NULL)
		a.allow = allow_read(allow_file, notes);
	if (md5_file != NULL)
		read_keys(&a, md5_file, notes);
	if (notes->errors > errors) {
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
	allow_free(access->allow);
	mem_free(access->keys);
	*access = (struct access){ .allow = NULL };
}

bool
access_allows(const struct access *access, const struct addr *a)
{
	return access->allow == NULL || allow_has(access->allow, a);
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
