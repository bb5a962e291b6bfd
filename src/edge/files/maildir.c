/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/maildir.h"

#include "core/base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Names are kept in an arena of their own: some ten million messages. */
#define LIST_MAX ((size_t)1 << 30)

enum { FOLDERS = 2, PATH_OCTETS_MAX = 8 * 1024 };

static const char *const folder_names[FOLDERS] = {"new", "cur"};

struct entry {
    struct entry *next; /* while the list is being read */
    unsigned folder;
    slice name; /* followed by NUL */
};

struct maildir {
    slice path; /* without slashes at its end */
    int fd[FOLDERS];
    struct arena *names;
    struct entry *last;
    const struct entry **entries;
    size_t count;
};

/* By unique name, which begins with the time of delivery; new before cur for equal ones. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = *(const struct entry *const *)a;
    const struct entry *right = *(const struct entry *const *)b;
    int order = slice_cmp(left->name, right->name);
    if (order != 0) {
        return order;
    }
    return left->folder < right->folder ? -1 : left->folder > right->folder;
}

static enum yett_err add_entry(struct maildir *maildir, unsigned folder, const char *name)
{
    struct entry *entry = ARENA_NEW(maildir->names, struct entry);
    if (entry == NULL || arena_copy(maildir->names, slice_of(name, strlen(name) + 1),
                                    &entry->name) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    entry->name.len--;
    entry->folder = folder;
    entry->next = maildir->last;
    maildir->last = entry;
    maildir->count++;
    return YETT_OK;
}

static enum yett_err list_folder(struct maildir *maildir, unsigned folder)
{
    int copy = fcntl(maildir->fd[folder], F_DUPFD_CLOEXEC, 0);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    if (directory == NULL) {
        if (copy >= 0) {
            close(copy);
        }
        return YETT_IO;
    }
    enum yett_err err = YETT_OK;
    const struct dirent *found;
    errno = 0;
    while (err == YETT_OK && (found = readdir(directory)) != NULL) {
        if (found->d_name[0] != '.') {
            err = add_entry(maildir, folder, found->d_name);
        }
    }
    if (err == YETT_OK && errno != 0) {
        err = YETT_IO;
    }
    int number = errno;
    closedir(directory);
    errno = number;
    return err;
}

static enum yett_err sort_entries(struct maildir *maildir)
{
    const struct entry **entries =
        ARENA_ARRAY(maildir->names, maildir->count, const struct entry *);
    if (entries == NULL) {
        return YETT_NO_MEMORY;
    }
    size_t at = 0;
    for (const struct entry *entry = maildir->last; entry != NULL; entry = entry->next) {
        entries[at++] = entry;
    }
    qsort(entries, maildir->count, sizeof(const struct entry *), compare_entries);
    maildir->entries = entries;
    return YETT_OK;
}

static enum yett_err list(struct maildir *maildir, const struct input *input,
                          struct arena *arena, slice *why)
{
    size_t found = 0;
    for (unsigned i = 0; i < FOLDERS; i++) {
        maildir->fd[i] =
            openat(input->fd, folder_names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (maildir->fd[i] < 0 && errno == ENOENT) {
            continue; /* git and some archivers lose empty directories */
        }
        found++;
        enum yett_err err = maildir->fd[i] < 0 ? YETT_IO : list_folder(maildir, i);
        if (err != YETT_OK) {
            slice text = arena_printf(arena, "its folder %s/: %s%c", folder_names[i],
                                      err == YETT_IO ? input_errno_text(errno)
                                                     : "too many messages for the memory",
                                      '\0');
            *why = input_sentence(arena, input->name,
                                  text.ptr != NULL ? text.ptr : "unreadable");
            return err;
        }
    }
    if (found == 0) {
        *why = input_sentence(
            arena, input->name,
            "is a directory, but no Maildir: it has neither cur/ nor new/");
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = sort_entries(maildir);
    if (err != YETT_OK) {
        *why = input_sentence(arena, input->name, "too many messages for the memory");
    }
    return err;
}

struct maildir *maildir_open(struct arena *arena, const struct input *input,
                             const char *path, enum yett_err *err, slice *why)
{
    struct maildir *maildir = calloc(1, sizeof(*maildir));
    struct arena *names = arena_new(LIST_MAX);
    if (maildir == NULL || names == NULL) {
        free(maildir);
        arena_free(names);
        *err = YETT_NO_MEMORY;
        *why = input_sentence(arena, input->name, "out of memory");
        return NULL;
    }
    maildir->names = names;
    maildir->path = slice_from_text(path);
    while (maildir->path.len > 1 && slice_ends_with(maildir->path, SLICE("/"))) {
        maildir->path.len--;
    }
    for (unsigned i = 0; i < FOLDERS; i++) {
        maildir->fd[i] = -1;
    }
    *err = list(maildir, input, arena, why);
    if (*err != YETT_OK) {
        maildir_free(maildir);
        return NULL;
    }
    return maildir;
}

void maildir_free(struct maildir *maildir)
{
    if (maildir == NULL) {
        return;
    }
    for (unsigned i = 0; i < FOLDERS; i++) {
        if (maildir->fd[i] >= 0) {
            close(maildir->fd[i]);
        }
    }
    arena_free(maildir->names);
    free(maildir);
}

size_t maildir_count(const struct maildir *maildir)
{
    return maildir->count;
}

slice maildir_path(const struct maildir *maildir, size_t index, struct arena *arena)
{
    struct buf buf;
    buf_init(&buf, arena, PATH_OCTETS_MAX);
    buf_add(&buf, maildir->path);
    if (!slice_eq(maildir->path, SLICE("/"))) {
        buf_add_byte(&buf, '/');
    }
    buf_add_text(&buf, folder_names[maildir->entries[index]->folder]);
    buf_add_byte(&buf, '/');
    buf_add(&buf, maildir->entries[index]->name);
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

enum yett_err maildir_open_message(const struct maildir *maildir, size_t index,
                                   struct arena *arena, struct input *out, slice *why)
{
    const struct entry *entry = maildir->entries[index];
    struct buf shown;
    buf_init(&shown, arena, PATH_OCTETS_MAX);
    buf_add_visible(&shown, maildir_path(maildir, index, arena));
    enum yett_err err = input_open(arena, maildir->fd[entry->folder], entry->name.ptr,
                                   buf_slice(&shown), out, why);
    if (err == YETT_NOT_FOUND) {
        *why = input_sentence(
            arena, buf_slice(&shown),
            "vanished after the Maildir was listed; another program moved it");
    }
    return err;
}
