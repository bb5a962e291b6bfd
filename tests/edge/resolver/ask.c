/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/resolver/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/*
 * ask: the resolver as a program, for servers.py.
 *
 *     ask [--server S] [--anchor TEXT] [--timeout MS] [--deadline MS] [--cache BYTES]
 *         [--files MAX] STEP...
 *
 * A step is "NAME TYPE", which goes onto a list, or one of:
 *     @each      ask all of the list, each by itself, and wait for the answers
 *     @ask       ask all of the list and do not wait
 *     @all       hand the list to resolver_answer_all()
 *     @find      look the list up in the cache alone
 *     @sleep MS  run the loop for so long
 *     @cancel    cancel what is open
 *     @statistics
 * Prints lines of words and texts, a tab between: "answer MS NAME TYPE STATUS SECURITY TTL
 * DETAIL", followed by its "alias" and "record" lines.
 */
enum { QUESTIONS_MAX = 4000 };

struct asker {
    struct loop *loop;
    struct resolver *resolver;
    struct arena *arena; /* names */
    struct dns_questions list;
    int64_t begin_ms;
    int64_t deadline_ms;
    struct asked {
        struct asker *asker;
        struct resolver_question *handle;
    } asked[QUESTIONS_MAX];
    size_t asked_count;
    size_t open;
    bool is_asleep;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "ask: %s\n", what);
    exit(2);
}

static void print(const char *word, slice text)
{
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    buf_init(&buf, arena, 1 << 19);
    buf_add_visible(&buf, text);
    (void)printf("%s\t%.*s\n", word, SLICE_ARG(buf_slice(&buf)));
    arena_free(arena);
}

static void print_ip(struct ip ip)
{
    struct arena *arena = arena_new(1 << 16);
    struct buf buf;
    buf_init(&buf, arena, 100);
    ip_write(&buf, ip);
    print("record", buf_slice(&buf));
    arena_free(arena);
}

static void print_record(enum dns_type type, const struct dns_record *record)
{
    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        print_ip(record->ip);
        return;
    case DNS_MX:
        (void)printf("preference\t%u\n", record->preference);
        print("record", record->name);
        return;
    case DNS_CNAME:
    case DNS_PTR:
        print("record", record->name);
        return;
    case DNS_TXT:
        print("record", record->text);
        return;
    }
}

/* Not dns_status_text(): its words are for people and may change. */
static const char *status_word(enum dns_status status)
{
    switch (status) {
    case DNS_FOUND:
        return "found";
    case DNS_NODATA:
        return "nodata";
    case DNS_NXDOMAIN:
        return "nxdomain";
    case DNS_SERVFAIL:
        return "servfail";
    case DNS_TIMED_OUT:
        return "timeout";
    case DNS_BOGUS:
        return "bogus";
    }
    return "";
}

static void print_answer(const struct asker *asker, struct dns_question question,
                         const struct dns_answer *answer)
{
    (void)printf("answer\t%d\t%.*s\t%s\t%s\t%s\t%u\n",
                 (int)(loop_now_ms(asker->loop) - asker->begin_ms),
                 SLICE_ARG(question.name), dns_type_text(question.type),
                 status_word(answer->status),
                 answer->security == DNS_SECURE ? "secure" : "insecure", answer->ttl_s);
    if (answer->detail.len != 0) {
        print("detail", answer->detail);
    }
    for (size_t i = 0; i < answer->alias_count; i++) {
        print("alias", answer->aliases[i]);
    }
    for (size_t i = 0; i < answer->count; i++) {
        print_record(question.type, &answer->records[i]);
    }
}

static void on_answer(void *context, struct dns_question question,
                      const struct dns_answer *answer)
{
    struct asked *asked = context;
    asked->handle = NULL;
    asked->asker->open--;
    print_answer(asked->asker, question, answer);
}

static void ask_list(struct asker *asker)
{
    for (size_t i = 0; i < asker->list.count; i++) {
        if (asker->asked_count == QUESTIONS_MAX) {
            fail("too many questions");
        }
        struct asked *asked = &asker->asked[asker->asked_count++];
        asked->asker = asker;
        asker->open++;
        asked->handle =
            resolver_ask(asker->resolver, asker->list.list[i], on_answer, asked);
    }
}

static void answer_all(struct asker *asker)
{
    struct arena *evidence = arena_new(1 << 24);
    struct dns_answers *answers =
        dns_answers_new(evidence, resolver_source(asker->resolver), DNS_BOUNDS_DEFAULT);
    int64_t deadline = loop_now_ms(asker->loop) + asker->deadline_ms;
    if (answers == NULL || resolver_answer_all(asker->resolver, &asker->list, deadline,
                                               answers) != YETT_OK) {
        fail("resolver_answer_all() failed");
    }
    struct dns_questions wanted;
    struct dns_view view = {.known = answers, .wanted = &wanted};
    dns_questions_init(&wanted, evidence);
    for (size_t i = 0; i < asker->list.count; i++) {
        struct dns_question question = asker->list.list[i];
        const struct dns_answer *answer;
        if (dns_ask(&view, question.type, question.name, &answer) != YETT_OK) {
            fail("resolver_answer_all() left a question open");
        }
        print_answer(asker, question, answer);
    }
    dns_answers_finish(answers);
    arena_free(evidence);
}

static void find(struct asker *asker)
{
    struct dns_source source = resolver_source(asker->resolver);
    for (size_t i = 0; i < asker->list.count; i++) {
        const struct dns_answer *answer =
            source.find(source.context, asker->list.list[i]);
        if (answer == NULL) {
            print("unknown", asker->list.list[i].name);
            continue;
        }
        print_answer(asker, asker->list.list[i], answer);
        source.release(source.context, answer);
    }
}

static void wake(void *context)
{
    struct asker *asker = context;
    asker->is_asleep = false;
}

static void sleep_for(struct asker *asker, int64_t ms)
{
    struct loop_timer *timer = loop_timer_new(asker->loop, wake, asker);
    if (timer == NULL) {
        fail("out of memory");
    }
    loop_timer_start(timer, ms);
    asker->is_asleep = true;
    while (asker->is_asleep) {
        loop_run_once(asker->loop);
    }
    loop_timer_free(timer);
}

static void cancel(struct asker *asker)
{
    for (size_t i = 0; i < asker->asked_count; i++) {
        if (asker->asked[i].handle != NULL) {
            resolver_cancel(asker->asked[i].handle);
            asker->asked[i].handle = NULL;
            asker->open--;
        }
    }
}

static void print_statistics(const struct asker *asker)
{
    struct resolver_statistics s = resolver_statistics(asker->resolver);
    (void)printf("statistics\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", (int)s.asked, (int)s.hits,
                 (int)s.misses, (int)s.timeouts, (int)s.failures, (int)s.entries,
                 (int)s.bytes);
}

static enum dns_type type_of(const char *text)
{
    static const enum dns_type types[] = {DNS_A,  DNS_CNAME, DNS_PTR,
                                          DNS_MX, DNS_TXT,   DNS_AAAA};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(dns_type_text(types[i]), text) == 0) {
            return types[i];
        }
    }
    fail("this type is not known");
    return DNS_A;
}

/* Not through dns_ask_ahead(): the same question may stand here twice. */
static void add_to_list(struct asker *asker, const char *name, const char *type)
{
    static struct dns_question list[QUESTIONS_MAX];
    if (asker->list.count == QUESTIONS_MAX) {
        fail("too many questions");
    }
    struct dns_question *question = &list[asker->list.count++];
    question->type = type_of(type);
    if (dns_name_normalize(asker->arena, slice_from_text(name), &question->name) !=
        YETT_OK) {
        fail("this is no name");
    }
    asker->list.list = list;
}

/* The number of arguments used. */
static int step(struct asker *asker, char **args, int count)
{
    const char *word = args[0];
    if (word[0] != '@') {
        if (count < 2) {
            fail("a type is missing");
        }
        add_to_list(asker, word, args[1]);
        return 2;
    }
    if (strcmp(word, "@sleep") == 0 && count >= 2) {
        sleep_for(asker, strtol(args[1], NULL, 10));
        return 2;
    }
    if (strcmp(word, "@each") == 0) {
        ask_list(asker);
        while (asker->open != 0) {
            loop_run_once(asker->loop);
        }
    } else if (strcmp(word, "@ask") == 0) {
        ask_list(asker);
    } else if (strcmp(word, "@all") == 0) {
        answer_all(asker);
    } else if (strcmp(word, "@find") == 0) {
        find(asker);
    } else if (strcmp(word, "@cancel") == 0) {
        cancel(asker);
    } else if (strcmp(word, "@statistics") == 0) {
        print_statistics(asker);
    } else {
        fail("this step is not known");
    }
    asker->list.count = 0;
    (void)fflush(stdout);
    return 1;
}

static int option(struct asker *asker, struct resolver_options *options, char **args)
{
    if (args[1] == NULL) {
        fail("an option's value is missing");
    }
    if (strcmp(args[0], "--server") == 0) {
        options->server = slice_from_text(args[1]);
    } else if (strcmp(args[0], "--anchor") == 0) {
        options->validate = true;
        options->trust_anchor = slice_from_text(args[1]);
    } else if (strcmp(args[0], "--timeout") == 0) {
        options->timeout_ms = (unsigned)strtoul(args[1], NULL, 10);
    } else if (strcmp(args[0], "--deadline") == 0) {
        asker->deadline_ms = strtol(args[1], NULL, 10);
    } else if (strcmp(args[0], "--cache") == 0) {
        options->cache_bytes = strtoul(args[1], NULL, 10);
    } else if (strcmp(args[0], "--files") == 0) {
        struct rlimit limit = {.rlim_cur = strtoul(args[1], NULL, 10),
                               .rlim_max = strtoul(args[1], NULL, 10)};
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            fail("the limit of open files cannot be set");
        }
    } else {
        fail("this option is not known");
    }
    return 2;
}

int main(int argc, char **argv)
{
    static struct asker asker = {.deadline_ms = 20000};
    struct resolver_options options = RESOLVER_OPTIONS_DEFAULT;
    char why[400];
    int i = 1;

    while (i < argc && strncmp(argv[i], "--", 2) == 0) {
        i += option(&asker, &options, &argv[i]);
    }
    asker.loop = loop_new();
    asker.arena = arena_new(1 << 24);
    asker.resolver = resolver_new(asker.loop, &options, why, sizeof(why));
    if (asker.resolver == NULL) {
        (void)printf("refused\t%s\n", why);
    }
    asker.begin_ms = loop_now_ms(asker.loop);
    while (asker.resolver != NULL && i < argc) {
        i += step(&asker, &argv[i], argc - i);
    }
    resolver_free(asker.resolver); /* with questions open, if that is what was asked */
    loop_free(asker.loop);
    arena_free(asker.arena);
    return 0;
}
