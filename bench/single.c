/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * single: how often in a second, with answers cached: SPF alone, DMARC alone, one
 * Authentication-Results field read and one judged for removal.
 */
#include "core/authres/authres.h"
#include "core/dmarc/dmarc.h"
#include "core/spf/spf.h"
#include "core/zone/zone.h"
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 4 << 20 };

static const char zone_text[] =
    "$TTL 3600\n"
    "example.org. TXT \"v=spf1 mx include:_spf.example.org -all\"\n"
    "example.org. MX 10 mail.example.org.\n"
    "mail.example.org. A 192.0.2.99\n"
    "_spf.example.org. TXT \"v=spf1 ip4:192.0.2.0/28 ~all\"\n"
    "_dmarc.example.org. TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@example.org\"\n";

static const slice field = SLICE_INIT(
    " mx.example.com;\r\n\tspf=pass (mail.example.org is allowed) "
    "smtp.mailfrom=example.org;\r\n"
    "\tdkim=pass (2048 bit key) header.d=example.org header.s=r header.a=rsa-sha256\r\n"
    "\theader.b=dzdVyOfA; dmarc=pass (p=reject) header.from=example.org\r\n");

struct single {
    struct zone *zone;
    struct arena *evidence, *scratch;
    struct arena_mark evidence_start, scratch_start;
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

/* A message of its own each time: answers are looked up and pinned anew. */
static struct dns_answers *begin(struct single *single, struct dns_questions *wanted,
                                 struct dns_view *view)
{
    arena_rewind(single->evidence, single->evidence_start);
    arena_rewind(single->scratch, single->scratch_start);
    struct dns_answers *answers = dns_answers_new(
        single->evidence, (struct dns_source){.find = zone_find, .context = single->zone},
        DNS_BOUNDS_DEFAULT);
    dns_questions_init(wanted, single->evidence);
    *view = (struct dns_view){.known = answers, .wanted = wanted};
    return answers;
}

static void run_spf(void *context)
{
    struct single *single = context;
    struct dns_questions wanted;
    struct dns_view view;
    struct spf_result result;
    struct spf_query query = {
        .ip = {.family = IP_V4, .bytes = {192, 0, 2, 10}},
        .helo = SLICE("mail.example.org"),
        .mail_from = SLICE("alice@example.org"),
        .receiver = SLICE("mx.example.com")
    };
    struct dns_answers *answers = begin(single, &wanted, &view);
    must(spf_check(single->scratch, &query, &view, &result) == YETT_OK &&
             result.code == SPF_PASS,
         "SPF");
    dns_answers_finish(answers);
}

static void run_dmarc(void *context)
{
    struct single *single = context;
    struct dns_questions wanted;
    struct dns_view view;
    slice domain = SLICE("example.org");
    struct message_mailbox mailbox = {.domain = domain};
    struct message_from from = {.status = MESSAGE_FROM_OK,
                                .mailboxes = &mailbox,
                                .count = 1,
                                .domains = &domain,
                                .domain_count = 1};
    struct spf_result spf = {.code = SPF_PASS, .domain = domain};
    struct dkim_results dkim = {.code = DKIM_NONE};
    struct dmarc_input input = {.from = &from, .spf = &spf, .dkim = &dkim};
    struct dmarc_result result;
    struct dns_answers *answers = begin(single, &wanted, &view);
    must(dmarc_evaluate(single->scratch, &input, &view, &result) == YETT_OK &&
             result.code == DMARC_PASS,
         "DMARC");
    dns_answers_finish(answers);
}

static void run_parse(void *context)
{
    struct single *single = context;
    struct authres authres;
    struct authres_error error;
    arena_rewind(single->scratch, single->scratch_start);
    must(authres_parse(single->scratch, field, &authres, &error) == YETT_OK, "A-R");
}

static void run_forged(void *context)
{
    (void)context;
    must(authres_is_forged(field, SLICE("mx.example.com")), "forged");
}

int main(void)
{
    struct single single = {.evidence = arena_new(ARENA_BYTES),
                            .scratch = arena_new(ARENA_BYTES)};
    struct zone_error error;
    must(zone_parse(single.evidence, slice_from_text(zone_text), &single.zone, &error) ==
             YETT_OK,
         "zone");
    single.evidence_start = arena_mark(single.evidence);
    single.scratch_start = arena_mark(single.scratch);
    struct work works[] = {
        {"SPF: mx, include, ip4",          run_spf,    &single, 0, 0},
        {"DMARC: one record, SPF aligned", run_dmarc,  &single, 0, 0},
        {"Authentication-Results read",    run_parse,  &single, 0, 0},
        {"Authentication-Results judged",  run_forged, &single, 0, 0}
    };
    enum { WORKS = sizeof works / sizeof works[0] };
    measure(works, WORKS, 10);
    printf("\n%-34s %12s %14s\n", "answers cached", "microseconds", "per second");
    for (size_t i = 0; i < WORKS; i++) {
        printf("%-34s %12.2f %14.0f\n", works[i].name, works[i].us, 1e6 / works[i].us);
    }
    zone_finish(single.zone);
    arena_free(single.evidence);
    arena_free(single.scratch);
    return 0;
}
