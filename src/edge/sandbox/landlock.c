/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/calls.h"
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A rule set that handles all accesses of files and allows none: what is open stays open,
 * and nothing else can be opened, made, renamed or removed, but for the paths that a role is
 * left with.  The network is left to gateways and askers, which live from it, and is taken
 * from those who hold keys, or look into hostile texts for minutes.
 *
 * The headers of the build may be older than the kernel, so the facts are written out.
 */
struct ruleset {
    uint64_t handled_files;
    uint64_t handled_network; /* ABI 4 */
    uint64_t scoped;          /* ABI 6 */
};

/* What each ABI adds. */
static const struct {
    int abi;
    uint64_t files, network, scoped;
} additions[] = {
    {1, 0x1fff,  0, 0}, /* execute, write, read, list, remove, make */
    {2, 1 << 13, 0, 0}, /* link or rename into another directory */
    {3, 1 << 14, 0, 0}, /* truncate */
    {4, 0,       3, 0}, /* bind and connect with TCP */
    {5, 1 << 15, 0, 0}, /* ioctl on devices */
    {6, 0,       0,
     3               }, /* connect to abstract sockets, and signal processes, that are outside */
};

enum { SCOPE_SIGNALS = 2 };

static bool has_no_network(enum sandbox_role role)
{
    return role == SANDBOX_KEEPER || role == SANDBOX_KEYRING || role == SANDBOX_EXAMINER;
}

static struct ruleset ruleset_of(int abi, enum sandbox_role role)
{
    struct ruleset ruleset = {0};
    for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
        if (additions[i].abi <= abi) {
            ruleset.handled_files |= additions[i].files;
            ruleset.handled_network |= has_no_network(role) ? additions[i].network : 0;
            ruleset.scoped |= additions[i].scoped;
        }
    }
    if (role == SANDBOX_KEYRING) { /* it tells the gateway to reload */
        ruleset.scoped &= ~(uint64_t)SCOPE_SIGNALS;
    }
    return ruleset;
}

/* What is not there needs no rule. */
static bool let(int ruleset, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    }
    long err =
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int reason = errno;
    (void)close(rule.parent_fd);
    errno = reason;
    return err == 0;
}

static bool let_files_be_read(int ruleset)
{
    return let(ruleset, "/", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
}

static bool let_all(int ruleset, const struct ruleset *wanted,
                    const struct sandbox_path *paths, size_t count)
{
    static const uint64_t accesses[] = {
        [SANDBOX_READ_FILE] = LANDLOCK_ACCESS_FS_READ_FILE,
        [SANDBOX_READ_DIRECTORY] = LANDLOCK_ACCESS_FS_READ_DIR,
        [SANDBOX_CHANGE_BELOW] =
            LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
            LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | 1 << 14};
    bool stands = true;
    for (size_t i = 0; stands && i < count; i++) {
        stands = let(ruleset, paths[i].path,
                     accesses[paths[i].access] & wanted->handled_files);
    }
    return stands;
}

static bool restrict_to(const struct ruleset *wanted, const struct sandbox_path *paths,
                        size_t count)
{
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, wanted, sizeof(*wanted), 0);
    if (ruleset < 0) {
        return false;
    }
    bool stands = (!sanitizers_read_files || let_files_be_read(ruleset)) &&
                  let_all(ruleset, wanted, paths, count) &&
                  syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    int reason = errno;
    (void)close(ruleset);
    errno = reason;
    return stands;
}

bool wall_landlock(enum sandbox_role role, struct why why)
{
    return wall_landlock_but(role, NULL, 0, why);
}

bool wall_landlock_but(enum sandbox_role role, const struct sandbox_path *paths,
                       size_t count, struct why why)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                           LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset wanted = ruleset_of(abi, role);
    if (abi < 1 || !restrict_to(&wanted, paths, count)) {
        why_say(why, "%s", why_text(errno));
        return false;
    }
    return true;
}
