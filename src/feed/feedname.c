/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass from left to right; what was put in is not looked at again. */
#include "feed/feedname.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/mem.h"

static void
put_address(const struct teller_info *info, struct sbuf *out)
{
	char text[ADDR_TEXT];

	addr_text(&info->router, text);
	for (const char *p = text; *p != '\0'; p++)
		sbuf_char(out, *p == '.' || *p == ':' ? '_' : *p);
}

static void
put_port(const struct teller_info *info, struct sbuf *out)
{
	sbuf_u64(out, info->port);
}

/* Longer words before those they begin with. */
static const struct variable {
	const char *word;
	void (*put)(const struct teller_info *info, struct sbuf *out);
} variables[] = {
	{ "$peer_src_ip", put_address },
	{ "$peer_tcp_port", put_port },
	{ "$bmp_router_port", put_port },
	{ "$bmp_router", put_address },
};

static const struct variable *
variable_at(const char *p)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (strncmp(p, variables[i].word, strlen(variables[i].word)) == 0)
			return &variables[i];
	return NULL;
}

/* The format is one conversion of a fixed list: no literal, but nothing foreign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
put_time(const struct tm *tm, char conversion, struct sbuf *out)
{
	const char fmt[] = { '%', conversion, '\0' };
	char text[64];

	sbuf_add(out, text, strftime(text, sizeof(text), fmt, tm));
}
#pragma GCC diagnostic pop

void
feedname_expand(const char *pattern, const struct teller_info *info, wall_t time, bool utc,
    struct sbuf *out)
{
	time_t sec = (time_t)wall_sec(time);
	struct tm tm;

	if (utc)
		gmtime_r(&sec, &tm);
	else
		localtime_r(&sec, &tm);
	for (const char *p = pattern; *p != '\0'; p++) {
		const struct variable *var = *p == '$' ? variable_at(p) : NULL;

		if (var != NULL) {
			var->put(info, out);
			p += strlen(var->word) - 1;
		} else if (*p == '%' && time.ns != 0 && p[1] == 's') {
			sbuf_printf(out, "%lld", (long long)sec);
			p++;
		} else if (*p == '%' && time.ns != 0 && p[1] != '\0' &&
		    strchr("aAbBdeFgGHIjklmMpRSTuUVwWyYzZ", p[1]) != NULL) {
			put_time(&tm, *++p, out);
		} else {
			sbuf_char(out, *p);
		}
	}
}

int
feedname_folders(const char *path)
{
	char *copy = mem_strdup(path);
	int result = 0;

	for (char *slash = strchr(copy + 1, '/'); slash != NULL && result == 0;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			result = -1;
		*slash = '/';
	}
	mem_free(copy);
	return result;
}
