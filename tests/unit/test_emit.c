/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules built with rule_*() and the nft text that they become: one test for each kind. */
#include "unit.h"

#include "jgfw/emit/rule.h"
#include "jgfw/emit/ruleset.h"
#include "jgfw/emit/value.h"

#include <string.h>

enum {
	TCP = 6,
	UDP = 17,
	ICMP = 1,
	GRE = 47,
	IPV4 = 2,
	IPV6 = 10,
};

static const enum datatype ADDRS[] = {TYPE_IPV4_ADDR, TYPE_IPV4_ADDR};
static const enum datatype ADDR_PORT[] = {TYPE_IPV4_ADDR, TYPE_INET_SERVICE};
static const enum datatype TUPLE[] = {TYPE_IPV4_ADDR, TYPE_INET_PROTO, TYPE_INET_SERVICE};
static const enum datatype PROTO_PORT[] = {TYPE_INET_PROTO, TYPE_INET_SERVICE};
static const enum datatype IFNAMES[] = {TYPE_IFNAME, TYPE_IFNAME};
static const enum datatype VERDICT[] = {TYPE_VERDICT};

static const enum field SADDR_DADDR[] = {FIELD_IP_SADDR, FIELD_IP_DADDR};
static const enum field DADDR[] = {FIELD_IP_DADDR};
static const enum field DADDR_PROTO_PORT[] = {FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_DPORT};
static const enum field PROTO_DPORT[] = {FIELD_L4PROTO, FIELD_DPORT};
static const enum field IIF_OIF[] = {FIELD_IIFNAME, FIELD_OIFNAME};

static void saddr(struct builder *b)
{
	rule_match(b, FIELD_IP_SADDR, value_u32(0xcb00710a));
}

static void saddr_daddr(struct builder *b)
{
	saddr(b);
	rule_match(b, FIELD_IP_DADDR, value_u32(0x0a000001));
}

static void network(struct builder *b)
{
	rule_match_range(b, FIELD_IP_DADDR, value_u32(0x0a000000), value_u32(0x0affffff));
}

static void address_range(struct builder *b)
{
	rule_match_range(b, FIELD_IP_SADDR, value_u32(0x0a000001), value_u32(0x0a000009));
}

static void interfaces(struct builder *b)
{
	rule_match(b, FIELD_IIFNAME, value_ifname("eth0"));
	rule_match(b, FIELD_OIFNAME, value_ifname("abcdefghijklmno"));
}

static void tcp_port(struct builder *b)
{
	rule_l4proto(b, TCP);
	rule_match(b, FIELD_DPORT, value_u16(443));
}

static void udp_ports(struct builder *b)
{
	rule_l4proto(b, UDP);
	rule_match_range(b, FIELD_SPORT, value_u16(1024), value_u16(65535));
	rule_match_range(b, FIELD_DPORT, value_u16(3478), value_u16(3483));
}

static void any_port(struct builder *b)
{
	rule_match(b, FIELD_SPORT, value_u16(53));
}

static void other_proto_port(struct builder *b)
{
	rule_l4proto(b, GRE);
	rule_match(b, FIELD_DPORT, value_u16(80));
}

static void proto_alone(struct builder *b)
{
	rule_l4proto(b, UDP);
	rule_verdict(b, VERDICT_ACCEPT, NULL);
}

static void proto_then_address(struct builder *b)
{
	rule_l4proto(b, UDP);
	saddr(b);
}

static void two_protos(struct builder *b)
{
	rule_l4proto(b, TCP);
	rule_l4proto(b, UDP);
}

static void icmp_type(struct builder *b)
{
	rule_l4proto(b, ICMP);
	rule_match(b, FIELD_ICMP_TYPE, value_u8(8));
}

static void icmp_type_without_name(struct builder *b)
{
	rule_l4proto(b, ICMP);
	rule_match(b, FIELD_ICMP_TYPE, value_u8(42));
}

static void ipv6_drop(struct builder *b)
{
	rule_nfproto(b, IPV6);
	rule_verdict(b, VERDICT_DROP, NULL);
}

static void ipv4_accept(struct builder *b)
{
	rule_ipv4(b);
	rule_ipv4(b);
	rule_verdict(b, VERDICT_ACCEPT, NULL);
}

static void ipv4_masquerade(struct builder *b)
{
	rule_ipv4(b);
	rule_masquerade(b);
}

static void ipv6_then_ipv4(struct builder *b)
{
	rule_nfproto(b, IPV6);
	saddr(b);
}

static void one_port(struct builder *b)
{
	static const struct range ports[] = {{80, 80}};

	rule_l4proto(b, TCP);
	rule_ports(b, FIELD_DPORT, (struct range_set){ports, 1}, false);
}

static void port_range(struct builder *b)
{
	static const struct range ports[] = {{24000, 29999}};

	rule_l4proto(b, UDP);
	rule_ports(b, FIELD_DPORT, (struct range_set){ports, 1}, false);
}

static void port_set(struct builder *b)
{
	static const struct range ports[] = {{80, 80}, {443, 443}};

	rule_l4proto(b, TCP);
	rule_ports(b, FIELD_DPORT, (struct range_set){ports, 2}, false);
}

static void port_interval_set(struct builder *b)
{
	static const struct range ports[] = {{53, 53}, {1024, 65535}};

	rule_l4proto(b, UDP);
	rule_ports(b, FIELD_SPORT, (struct range_set){ports, 2}, false);
}

static void not_port(struct builder *b)
{
	static const struct range ports[] = {{80, 80}};

	rule_ports(b, FIELD_DPORT, (struct range_set){ports, 1}, true);
}

static void not_ports(struct builder *b)
{
	static const struct range ports[] = {{80, 80}, {3478, 3483}};

	rule_ports(b, FIELD_DPORT, (struct range_set){ports, 2}, true);
}

static struct set *pairs(struct builder *b)
{
	return ruleset_set(b->rs, "pairs", ADDRS, 2, NULL, 0);
}

static void set_of_addresses(struct builder *b)
{
	rule_lookup(b, DADDR, 1, ruleset_set(b->rs, "own", ADDRS, 1, NULL, 0), false);
}

static void not_in_set(struct builder *b)
{
	rule_lookup(b, DADDR, 1, ruleset_set(b->rs, "own", ADDRS, 1, NULL, 0), true);
}

static void concatenation(struct builder *b)
{
	rule_lookup(b, SADDR_DADDR, 2, pairs(b), false);
}

static void concatenation_with_ports(struct builder *b)
{
	rule_lookup(b, DADDR_PROTO_PORT, 3, ruleset_set(b->rs, "tuples", TUPLE, 3, NULL, 0), false);
}

static void interface_vmap(struct builder *b)
{
	struct set *vmap = ruleset_set(b->rs, NULL, IFNAMES, 2, VERDICT, 1);
	struct chain *chain = ruleset_chain(b->rs, "wan_dmz");

	set_put(set_put(set_add(vmap, 0), value_ifname("eth0")), value_ifname("eth1"));
	vmap->verdicts[0] = (struct verdict){VERDICT_GOTO, chain};
	set_put(set_put(set_add(vmap, 0), value_ifname("eth0")), value_ifname("eth2"));
	vmap->verdicts[1] = (struct verdict){VERDICT_JUMP, chain};
	rule_lookup(b, IIF_OIF, 2, vmap, false);
}

static void port_vmap(struct builder *b)
{
	rule_lookup(b, PROTO_DPORT, 2, ruleset_set(b->rs, "by_port", PROTO_PORT, 2, VERDICT, 1),
		    false);
}

static void dnat_map(struct builder *b)
{
	rule_nat_map(b, NAT_DNAT, DADDR, 1, ruleset_set(b->rs, "to", ADDRS, 1, ADDRS, 1));
}

static void dnat_map_of_pairs(struct builder *b)
{
	rule_l4proto(b, TCP);
	rule_match(b, FIELD_DPORT, value_u16(2222));
	rule_nat_map(b, NAT_DNAT, SADDR_DADDR, 2, ruleset_set(b->rs, "to", ADDRS, 2, ADDRS, 1));
}

static void dnat_map_with_ports(struct builder *b)
{
	rule_nat_map(b, NAT_DNAT, DADDR_PROTO_PORT, 3,
		     ruleset_set(b->rs, "to", TUPLE, 3, ADDR_PORT, 2));
}

static void snat_map(struct builder *b)
{
	rule_nat_map(b, NAT_SNAT, SADDR_DADDR, 2, ruleset_set(b->rs, "from", ADDRS, 2, ADDRS, 1));
}

static void masquerade(struct builder *b)
{
	saddr(b);
	rule_masquerade(b);
}

static void ct_state(struct builder *b)
{
	rule_ct_state(b, CT_STATE_ESTABLISHED | CT_STATE_RELATED);
	rule_verdict(b, VERDICT_ACCEPT, NULL);
}

static void ct_state_invalid(struct builder *b)
{
	rule_ct_state(b, CT_STATE_INVALID);
	rule_verdict(b, VERDICT_DROP, NULL);
}

static void ct_state_all(struct builder *b)
{
	rule_ct_state(b, CT_STATE_INVALID | CT_STATE_ESTABLISHED | CT_STATE_RELATED | CT_STATE_NEW |
				 CT_STATE_UNTRACKED);
}

static void ct_status(struct builder *b)
{
	rule_ct_status(b, CT_STATUS_DNAT);
}

static void ct_status_both(struct builder *b)
{
	rule_ct_status(b, CT_STATUS_DNAT | CT_STATUS_SNAT);
}

static void counter(struct builder *b)
{
	rule_counter(b);
	rule_verdict(b, VERDICT_RETURN, NULL);
}

static void limit_log(struct builder *b)
{
	rule_limit_log(b, 10, 5, "jgfw drop ");
}

static void jump(struct builder *b)
{
	rule_verdict(b, VERDICT_JUMP, ruleset_chain(b->rs, "rows"));
}

static void go_to(struct builder *b)
{
	rule_verdict(b, VERDICT_GOTO, ruleset_chain(b->rs, "rows"));
}

static void comment(struct builder *b)
{
	rule_verdict(b, VERDICT_DROP, NULL);
	rule_comment(b, "d1: client signaling");
}

static void whole_rule(struct builder *b)
{
	rule_l4proto(b, UDP);
	rule_match_range(b, FIELD_SPORT, value_u16(36000), value_u16(59999));
	rule_ct_status(b, CT_STATUS_DNAT);
	rule_lookup(b, SADDR_DADDR, 2, pairs(b), false);
	rule_counter(b);
	rule_verdict(b, VERDICT_ACCEPT, NULL);
	rule_comment(b, "s8: TURN media relays");
}

static const struct {
	void (*build)(struct builder *b);
	const char *text;
} rules[] = {
	{saddr, "ip saddr 203.0.113.10"},
	{saddr_daddr, "ip saddr 203.0.113.10 ip daddr 10.0.0.1"},
	{network, "ip daddr 10.0.0.0/8"},
	{address_range, "ip saddr 10.0.0.1-10.0.0.9"},
	{interfaces, "iifname \"eth0\" oifname \"abcdefghijklmno\""},
	{tcp_port, "tcp dport 443"},
	{udp_ports, "udp sport 1024-65535 udp dport 3478-3483"},
	{any_port, "th sport 53"},
	{other_proto_port, "meta l4proto 47 th dport 80"},
	{proto_alone, "meta l4proto udp accept"},
	{proto_then_address, "meta l4proto udp ip saddr 203.0.113.10"},
	{two_protos, "meta l4proto tcp meta l4proto udp"},
	{icmp_type, "icmp type echo-request"},
	{icmp_type_without_name, "icmp type 42"},
	{ipv6_drop, "meta nfproto ipv6 drop"},
	{ipv4_accept, "meta nfproto ipv4 accept"},
	{ipv4_masquerade, "meta nfproto ipv4 masquerade"},
	{ipv6_then_ipv4, "meta nfproto ipv6 ip saddr 203.0.113.10"},
	{one_port, "tcp dport 80"},
	{port_range, "udp dport 24000-29999"},
	{port_set, "tcp dport { 80, 443 }"},
	{port_interval_set, "udp sport @ports_53_1024_to_65535"},
	{not_port, "th dport != 80"},
	{not_ports, "th dport != { 80, 3478, 3479, 3480, 3481, 3482, 3483 }"},
	{set_of_addresses, "ip daddr @own"},
	{not_in_set, "ip daddr != @own"},
	{concatenation, "ip saddr . ip daddr @pairs"},
	{concatenation_with_ports, "ip daddr . meta l4proto . th dport @tuples"},
	{interface_vmap, "iifname . oifname vmap { \"eth0\" . \"eth1\" : goto wan_dmz, "
			 "\"eth0\" . \"eth2\" : jump wan_dmz }"},
	{port_vmap, "meta l4proto . th dport vmap @by_port"},
	{dnat_map, "dnat ip to ip daddr map @to"},
	{dnat_map_of_pairs, "tcp dport 2222 dnat ip to ip saddr . ip daddr map @to"},
	{dnat_map_with_ports, "dnat ip to ip daddr . meta l4proto . th dport map @to"},
	{snat_map, "snat ip to ip saddr . ip daddr map @from"},
	{masquerade, "ip saddr 203.0.113.10 masquerade"},
	{ct_state, "ct state established,related accept"},
	{ct_state_invalid, "ct state invalid drop"},
	{ct_state_all, "ct state invalid,established,related,new,untracked"},
	{ct_status, "ct status dnat"},
	{ct_status_both, "ct status snat,dnat"},
	{counter, "counter return"},
	{limit_log, "limit rate 10/second burst 5 packets log prefix \"jgfw drop \""},
	{jump, "jump rows"},
	{go_to, "goto rows"},
	{comment, "drop comment \"d1: client signaling\""},
	{whole_rule, "udp sport 36000-59999 ct status dnat ip saddr . ip daddr @pairs counter "
		     "accept comment \"s8: TURN media relays\""},
};

START_TEST(rule_is_told)
{
	struct ruleset *rs = ruleset_new("t");
	struct builder b = rule_begin(rs, ruleset_chain(rs, "c"));
	struct buf out = {0};

	rules[_i].build(&b);
	ck_assert_int_eq(emit_rule(b.rule, &out), 0);
	ck_assert_str_eq(buf_str(&out), rules[_i].text);
	buf_free(&out);
	ruleset_free(rs);
}
END_TEST

/* --- elements and tables -------------------------------------------------------------------- */

START_TEST(elements_of_every_shape)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *map = ruleset_set(rs, "m", TUPLE, 3, ADDR_PORT, 2);
	struct set *ranges = ruleset_set(rs, "r", ADDR_PORT, 2, NULL, 0);
	struct buf out = {0};
	uint8_t *at;

	at = set_put(set_add(map, 0), value_u32(0xcb00710a));
	at = set_put(set_put(at, value_u8(TCP)), value_u16(443));
	set_put(set_put(at, value_u32(0xc000020a)), value_u16(9443));
	emit_element(map, 0, &out);
	ck_assert_str_eq(buf_str(&out), "203.0.113.10 . tcp . 443 : 192.0.2.10 . 9443");
	buf_free(&out);
	ranges->interval = true;
	at = set_put(set_put(set_add(ranges, 0), value_u32(0x0a000000)), value_u16(80));
	set_put(set_put(at, value_u32(0x0a0000ff)), value_u16(90));
	emit_element(ranges, 0, &out);
	ck_assert_str_eq(buf_str(&out), "10.0.0.0/24 . 80-90");
	buf_free(&out);
	ruleset_free(rs);
}
END_TEST

START_TEST(table_is_replaced_as_a_whole)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "own", ADDRS, 1, NULL, 0);
	struct chain *forward =
		ruleset_base_chain(rs, "forward", CHAIN_FILTER, HOOK_FORWARD, 0, true);
	struct chain *dnat =
		ruleset_base_chain(rs, "prerouting", CHAIN_NAT, HOOK_PREROUTING, -100, false);
	struct chain *early =
		ruleset_base_chain(rs, "early", CHAIN_FILTER, HOOK_PREROUTING, -299, false);
	struct buf out = {0};
	struct builder b;

	rs->heading = "one\ntwo\n";
	set->size = 16;
	set->interval = set->counter = true;
	set_put(set_put(set_add(set, 0), value_u32(0x0a000001)), value_u32(0x0a000002));
	b = rule_begin(rs, forward);
	rule_verdict(&b, VERDICT_DROP, NULL);
	b = rule_begin(rs, dnat);
	rule_nat_map(&b, NAT_DNAT, DADDR, 1, ruleset_set(rs, "to", ADDRS, 1, ADDRS, 1));
	b = rule_begin(rs, early);
	rule_counter(&b);
	ck_assert_int_eq(emit_ruleset(rs, &out), 0);
	ck_assert_str_eq(buf_str(&out),
			 "# one\n# two\n"
			 "table inet t\ndelete table inet t\n\ntable inet t {\n"
			 "\tset own {\n\t\ttype ipv4_addr\n\t\tsize 16\n\t\tflags interval\n"
			 "\t\tcounter\n\t\telements = {\n\t\t\t10.0.0.1-10.0.0.2,\n\t\t}\n\t}\n\n"
			 "\tmap to {\n\t\ttype ipv4_addr : ipv4_addr\n\t}\n\n"
			 "\tchain forward {\n"
			 "\t\ttype filter hook forward priority filter; policy drop;\n"
			 "\t\tdrop\n\t}\n\n"
			 "\tchain prerouting {\n"
			 "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
			 "\t\tdnat ip to ip daddr map @to\n\t}\n\n"
			 "\tchain early {\n"
			 "\t\ttype filter hook prerouting priority -299; policy accept;\n"
			 "\t\tcounter\n\t}\n}\n");
	buf_free(&out);
	ruleset_free(rs);
}
END_TEST

Suite *emit_suite(void)
{
	Suite *s = suite_create("emit");
	TCase *tc = tcase_create("rules");

	add_table(tc, rule_is_told, rules);
	suite_add_tcase(s, tc);
	tc = tcase_create("table");
	tcase_add_test(tc, elements_of_every_shape);
	tcase_add_test(tc, table_is_replaced_as_a_whole);
	suite_add_tcase(s, tc);
	return s;
}
