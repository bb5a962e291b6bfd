/* SPDX-License-Identifier: BSD-2-Clause */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ip_network networks[2];
static const slice recipients[] = {SLICE_INIT("list@b.test"), SLICE_INIT("lists.b.test")};
static const slice next_hops[] = {SLICE_INIT("[backend.b.test]:2525")};

struct ip desk_ip(const char *text)
{
    struct ip ip = {0};
    if (text != NULL) {
        assert_int_equal(ip_parse(slice_from_text(text), &ip), YETT_OK);
    }
    return ip;
}

static void add_row(struct desk *desk, struct signing_builder *builder, slice text)
{
    slice why = SLICE_NONE;
    uint32_t number = 0;
    struct signing_row row = {.uses = SIGNING_ARC};
    if (slice_take_byte(&text, '-')) {
        row.uses = SIGNING_DKIM;
    }
    bool is_rsa = !slice_ends_with(text, SLICE("ed"));
    const struct signing_key key = {
        .path = arena_printf(desk->arena, "/keys/%.*s", SLICE_ARG(text)),
        .type = is_rsa ? CRYPTO_RSA : CRYPTO_ED25519,
        .bits = is_rsa ? 2048 : 256};
    size_t at = slice_find_byte(text, '/');
    row.domain = slice_first(text, at);
    row.selector = slice_skip(text, at + 1);
    assert_int_equal(signing_add_key(builder, &key, &row.key, &why), YETT_OK);
    assert_int_equal(signing_add_row(builder, &row, &number, &why), YETT_OK);
}

static void make_table(struct desk *desk, const char *rows)
{
    static const uint8_t hash_key[16] = {1};
    const char *why = NULL;
    struct buf octets;
    slice rest = slice_from_text(rows);
    slice row;
    struct signing_builder *builder = signing_builder_new(desk->arena, hash_key);
    assert_non_null(builder);
    while (rest.len != 0 && slice_next_piece(&rest, ' ', &row)) {
        add_row(desk, builder, row);
    }
    buf_init(&octets, desk->arena, SIGNING_TABLE_MAX);
    assert_int_equal(signing_builder_finish(builder, &octets), YETT_OK);
    assert_int_equal(
        signing_table_open(desk->arena, buf_slice(&octets), &desk->table, &why), YETT_OK);
}

void desk_init(struct desk *desk, const char *rows)
{
    *desk = (struct desk){.arena = arena_new((size_t)16 << 20)};
    assert_non_null(desk->arena);
    config_init(&desk->config);
    assert_int_equal(ip_parse_network(SLICE(LIST_HOST), &networks[0]), YETT_OK);
    assert_int_equal(ip_parse_network(SLICE(FRIEND), &networks[1]), YETT_OK);
    desk->config.authserv_id = SLICE("mx.b.test");
    desk->config.submission_networks = &networks[1];
    desk->config.submission_network_count = 1;
    desk->config.sealing = (struct config_sealing){.domain = SLICE("b.test"),
                                                   .recipients = recipients,
                                                   .recipient_count = 2,
                                                   .next_hops = next_hops,
                                                   .next_hop_count = 1,
                                                   .list_hosts = networks,
                                                   .list_host_count = 1};
    make_table(desk, rows);
    sealing_house_init(&desk->config, desk->table, &desk->house);
}

void desk_finish(struct desk *desk)
{
    arena_free(desk->arena);
}
