/* SPDX-License-Identifier: BSD-2-Clause */
#include "sql/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"

void
rejects_init(struct rejects *r, const struct columns *cols, struct rows *rows, const char *table,
    const struct purge *purge)
{
	*r = (struct rejects){ .cols = cols, .table = table, .purge = purge,
		.cells = mem_array(cols->params + 1, sizeof(*r->cells)), .rows = rows_cells(rows) };
	r->rows.fill(r->rows.ctx, SQL_FIXED, r->cells);
}

void
rejects_done(struct rejects *r)
{
	for (size_t i = 0; r->cells != NULL && i < r->cols->params; i++)
		sbuf_done(&r->cells[i].room);
	mem_free(r->cells);
	sbuf_done(&r->text);
}

static void
put_cell(struct json *j, const char *name, struct cell *c)
{
	char hex[2 * 16 + 1];

	cell_plain(c);
	switch (c->kind) {
	case CELL_NULL:
		json_str(j, name, NULL);
		break;
	case CELL_INT:
		json_i64(j, name, c->number);
		break;
	case CELL_TEXT:
	case CELL_TIME:
	case CELL_NET:
		json_text(j, name, c->bytes, c->len);
		break;
	case CELL_BYTES:
		for (size_t i = 0; i < c->len && i < 16; i++)
			snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)c->bytes)[i]);
		json_str(j, name, hex);
		break;
	}
}

void
rejects_add(void *rejects, size_t i, const struct column *c, const char *why)
{
	struct rejects *r = rejects;
	struct json j = json_of(&r->text);

	r->rows.fill(r->rows.ctx, i, r->cells);
	json_object(&j, NULL);
	json_str(&j, "table", r->table);
	json_str(&j, "instance", r->purge->instance);
	json_u64(&j, "seq", r->purge->seq);
	json_str(&j, "column", c != NULL ? c->name : NULL);
	json_str(&j, "reason", why);
	json_object(&j, "row");
	for (size_t k = 0; k < r->cols->count; k++)
		if (r->cols->col[k].param != 0)
			put_cell(&j, r->cols->col[k].name, &r->cells[r->cols->col[k].param - 1]);
	json_end(&j, '}');
	json_end(&j, '}');
	sbuf_char(&r->text, '\n');
	r->count++;
}

/* The folder of the journal may not be there yet, or not at all. */
static int
open_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	struct sbuf dir = { 0 };

	if (fd < 0 && errno == ENOENT && slash != NULL) {
		sbuf_add(&dir, path, (size_t)(slash - path));
		if (mkdir(dir.text, 0750) == 0)
			fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		sbuf_done(&dir);
	}
	return fd;
}

int
rejects_write(const struct rejects *r, const char *path, struct sbuf *err)
{
	int fd = open_file(path);
	size_t done = 0;

	while (fd >= 0 && done < r->text.len) {
		ssize_t n = write(fd, r->text.text + done, r->text.len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || done < r->text.len || fdatasync(fd) != 0) {
		sbuf_printf(err, "%zu rows do not fit into '%s' and cannot be set aside: %s: %s",
		    r->count, r->table, path, strerror(errno));
		done = SIZE_MAX;
	}
	if (fd >= 0)
		close(fd);
	return done == SIZE_MAX ? -1 : 0;
}
