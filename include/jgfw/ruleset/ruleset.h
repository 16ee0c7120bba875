/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset in nftables' own nouns, at the level of the kernel's expressions and registers.
 *
 * Made by policy or read from the kernel; printed, sent, compared and proved by others. Values are
 * byte strings in network order whatever the register's order is, so that comparing bytes compares
 * numbers; backends convert.
 */
#ifndef JGFW_RULESET_H
#define JGFW_RULESET_H

#include "jgfw/base/addr.h"
#include "jgfw/base/diag.h"
#include "jgfw/base/vec.h"

/** RULESET_TABLE - the one table, of family inet, that belongs to jgfw */
#define RULESET_TABLE "jgfw"

/** enum datatype - what a value means; the numbers are nft's (enum datatypes in datatype.h), which
 * it stores as key types of sets */
enum datatype {
	TYPE_VERDICT = 1,
	TYPE_NFPROTO = 2,
	TYPE_IPV4_ADDR = 7,
	TYPE_INET_PROTO = 12,
	TYPE_INET_SERVICE = 13,
	TYPE_ICMP_TYPE = 14,
	TYPE_CT_STATE = 26,
	TYPE_CT_STATUS = 28,
	TYPE_IFNAME = 41,
};

enum {
	VALUE_MAX = 16,	     /* bytes of one field */
	SET_MAX_FIELDS = 5,  /* of a concatenation */
	NAT_IPV4 = 2,	     /* NFPROTO_IPV4 */
	REGISTER_SLOTS = 16, /* registers of 4 bytes; slot 0 is the kernel's NFT_REG32_00 */
};

/** datatype_len - bytes of a value */
size_t datatype_len(enum datatype type);

struct value {
	uint8_t len;
	uint8_t bytes[VALUE_MAX];
};

struct value value_u8(uint8_t v);
struct value value_u16(uint16_t v);
struct value value_u32(uint32_t v);
/** value_ifname - @name padded with zeros to IFNAMSIZ */
struct value value_ifname(const char *name);

enum verdict_kind {
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_RETURN,
};

struct verdict {
	enum verdict_kind kind;
	const struct chain *chain; /* of jump and goto */
};

enum expr_kind {
	EXPR_META,
	EXPR_PAYLOAD,
	EXPR_CT,
	EXPR_CMP,
	EXPR_BITWISE,
	EXPR_LOOKUP,
	EXPR_VERDICT,
	EXPR_NAT,
	EXPR_COUNTER,
	EXPR_LIMIT,
	EXPR_LOG,
	EXPR_UNKNOWN, /* of the kernel's, and none of the above */
};

enum meta_key {
	META_NFPROTO,
	META_L4PROTO,
	META_IIFNAME,
	META_OIFNAME,
};

enum ct_key {
	CT_STATE,
	CT_STATUS,
};

/* linux/netfilter/nf_conntrack_common.h and nf_tables.h */
enum {
	CT_STATE_INVALID = 1 << 0,
	CT_STATE_ESTABLISHED = 1 << 1,
	CT_STATE_RELATED = 1 << 2,
	CT_STATE_NEW = 1 << 3,
	CT_STATE_UNTRACKED = 1 << 6,
	CT_STATUS_SNAT = 1 << 4,
	CT_STATUS_DNAT = 1 << 5,
};

enum payload_base {
	PAYLOAD_NETWORK,
	PAYLOAD_TRANSPORT,
};

enum cmp_op {
	CMP_EQ,
	CMP_NEQ,
	CMP_LTE,
	CMP_GTE,
};

enum nat_kind {
	NAT_DNAT,
	NAT_SNAT,
	NAT_MASQUERADE,
};

enum limit_unit {
	LIMIT_SECOND,
};

/** enum effect - what an expression that is not one of ours does to a packet */
enum effect {
	EFFECT_ANY,	/* anything: it decides, translates, or sends it another way */
	EFFECT_TEST,	/* it matches or not, or loads something */
	EFFECT_CHANCE,	/* it matches some packets of a kind and not others, as a limit */
	EFFECT_NONE,	/* nothing that rules or routes of IP see */
	EFFECT_REJECT,	/* it ends here */
	EFFECT_CONSTANT /* it loads a value into a register */
};

/** struct counter - what passed; zero where it was not read from the kernel */
struct counter {
	uint64_t packets, bytes;
};

/** struct expr - one expression of a rule; registers are slots */
struct expr {
	enum expr_kind kind;
	union {
		struct {
			enum meta_key key;
			uint8_t dreg;
		} meta;
		struct {
			enum payload_base base;
			uint16_t offset, len; /* bytes */
			uint8_t dreg;
		} payload;
		struct {
			enum ct_key key;
			uint8_t dreg;
		} ct;
		struct {
			enum cmp_op op;
			uint8_t sreg;
			struct value value;
		} cmp;
		struct { /* dreg = sreg & mask */
			uint8_t sreg, dreg;
			struct value mask;
		} bitwise;
		struct {
			struct set *set;
			uint8_t sreg, dreg; /* dreg: of a map that is not of verdicts */
			bool invert;
		} lookup;
		struct verdict verdict;
		struct {
			enum nat_kind kind;
			uint8_t addr, port; /* registers */
			bool has_port;
		} nat; /* IPv4 */
		struct counter counter;
		struct {
			uint64_t rate;
			enum limit_unit unit;
			uint32_t burst; /* packets */
		} limit;
		struct {
			const char *prefix;
		} log;
		struct { /* the kernel's name and attributes of it */
			const char *name;
			const uint8_t *bytes;
			size_t len;
			enum effect effect;
			uint8_t dreg;	    /* of EFFECT_CONSTANT */
			struct value value; /* of EFFECT_CONSTANT */
		} unknown;
	};
};

/** struct note - user data: what nft keeps beside a thing for itself, and no packet meets
 *
 * @what says in words what nft prints of it that jgfw would not write (a comment, say); NULL where
 * there is nothing, as in all that jgfw makes.
 */
struct note {
	const char *what;
	const uint8_t *bytes; /* as the kernel holds them; NULL: as jgfw writes them */
	size_t len;
};

/** note_same - does nft print the same of both? */
bool note_same(const struct note *a, const struct note *b);

/** struct origin - a row of a deployment that a rule or an element came from */
struct origin {
	const char *row, *deployment; /* row NULL: the deployment as a whole */
	struct loc loc;
	uint32_t next; /* one more origin of the same thing, as index + 1; 0 ends the list */
};

struct rule {
	struct expr *at; /* expressions */
	size_t n, cap;
	const char *comment;	 /* NULL for none */
	const char *unsupported; /* see struct table */
	uint64_t handle;	 /* the kernel's, where it was read from there */
	uint32_t origin;	 /* index + 1 in the ruleset's origins; 0 for none */
};

enum chain_type {
	CHAIN_FILTER,
	CHAIN_NAT,
	CHAIN_ROUTE,
};

enum hook {
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_INGRESS,
	HOOK_EGRESS,
};

/** struct chain - a base chain where @is_base, else a regular one */
struct chain {
	const char *name;
	bool is_base;
	enum chain_type type;
	enum hook hook;
	int32_t priority;
	bool policy_drop;
	bool off_path; /* what packets it sees is not told by its hook: it is bound to devices, say
			*/
	struct note note;
	const char *unsupported; /* see struct table */
	struct {
		VEC(struct rule);
	} rules;
};

/** ELEMENT_UNSUPPORTED - in the place of an origin: an element of the kernel's that bears more than
 * key, data and counter (a timeout, say) */
#define ELEMENT_UNSUPPORTED UINT32_MAX

/** struct set - a set, map or verdict map; its elements are packed
 *
 * An element takes stride bytes of @bytes: the key, of an interval set the inclusive upper bound of
 * each of its fields, then the data. Fields are not padded.
 */
struct set {
	const char *name; /* NULL for an anonymous one */
	enum datatype key[SET_MAX_FIELDS];
	size_t n_key;
	enum datatype data[SET_MAX_FIELDS]; /* TYPE_VERDICT alone for a verdict map */
	size_t n_data;			    /* 0 for a set */
	bool interval;
	bool counter;  /* each element counts */
	bool filled;   /* packets add elements, or take some out (dynset) */
	uint32_t size; /* 0: not given */
	struct note note;
	const char *unsupported; /* see struct table */
	size_t key_len, data_len, stride;
	uint8_t *bytes;
	uint32_t *origins;	  /* as in struct rule */
	struct verdict *verdicts; /* by element; of a verdict map only */
	struct counter *counters; /* by element; where @counter is set */
	size_t n, cap;
};

/** struct table - a table with all that is in it
 *
 * @unsupported says in words what the kernel holds of a thing that has no place in these structs (a
 * flag, a timeout, a flowtable); NULL where there is nothing, as in all that jgfw makes.
 */
struct table {
	const char *name;
	uint8_t family;	 /* NFPROTO_*; inet where it was not read from the kernel */
	bool sip_helper; /* it has an object that gives flows to a helper for SIP */
	bool owned;	 /* another process holds it: nobody else can change it */
	bool dormant;	 /* its base chains see no packets */
	struct note note;
	const char *unsupported;
	struct {
		VEC(struct set *);
	} sets; /* the named ones */
	struct {
		VEC(struct chain *);
	} chains;
};

/** struct ruleset - one table with all that is in it; owns its memory but for origins' strings */
struct ruleset {
	struct arena arena;
	const char *heading; /* told in the first comment of a text; lines end with a newline */
	struct table table;
	struct {
		VEC(struct origin);
	} origins;
	struct {
		VEC(struct set *);
	} anonymous;
};

struct ruleset *ruleset_new(const char *table_name);
void ruleset_free(struct ruleset *rs);

/** ruleset_unsupported - the first thing in @rs that has no place in these structs, in words; or
 * NULL */
const char *ruleset_unsupported(const struct ruleset *rs);

/** ruleset_chain - a new regular chain at the end of the table */
struct chain *ruleset_chain(struct ruleset *rs, const char *name);

/** ruleset_base_chain - a new base chain at the end of the table */
struct chain *ruleset_base_chain(struct ruleset *rs, const char *name, enum chain_type type,
				 enum hook hook, int32_t priority, bool policy_drop);

/** ruleset_set - a new set; @name NULL makes it anonymous; @n_data 0 makes it no map */
struct set *ruleset_set(struct ruleset *rs, const char *name, const enum datatype *key,
			size_t n_key, const enum datatype *data, size_t n_data);

/** set_add - a new element; its bytes (zeroed, stride of them) are to be filled in by the caller
 * before the next set_add() */
uint8_t *set_add(struct set *set, uint32_t origin);

/** set_sort - order the elements by their bytes and drop those that are equal to another in all of
 * them; the origins of both are kept
 *
 * Returns 0, or -EEXIST where two elements have the same key and other data; they are then at
 * @ret_a and @ret_b.
 */
int set_sort(struct ruleset *rs, struct set *set, size_t *ret_a, size_t *ret_b);

/** set_is_vmap - does @set map to verdicts? */
bool set_is_vmap(const struct set *set);

/** set_put - append @v to an element under construction and give the place behind it */
uint8_t *set_put(uint8_t *at, struct value v);

/** origin_join - a list with all origins of @a and of @b, those that @a has had lately not again;
 * ELEMENT_UNSUPPORTED where one is that */
uint32_t origin_join(struct ruleset *rs, uint32_t a, uint32_t b);

/* --- rules, built in nft's words ------------------------------------------------------------ */

/** enum field - fields of packets and of what the kernel knows about them */
enum field {
	FIELD_IP_SADDR,
	FIELD_IP_DADDR,
	FIELD_SPORT, /* th sport: of tcp, udp and what else has ports in that place */
	FIELD_DPORT,
	FIELD_ICMP_TYPE,
	FIELD_L4PROTO,
	FIELD_IIFNAME,
	FIELD_OIFNAME,
};

/** struct builder - a rule under construction; what it already depends on is not tested twice */
struct builder {
	struct ruleset *rs;
	struct rule *rule;
	bool is_ipv4;
};

/** rule_begin - a new rule at the end of @chain */
struct builder rule_begin(struct ruleset *rs, struct chain *chain);
/** rule_nfproto - meta nfproto @family (NFPROTO_*) */
void rule_nfproto(struct builder *b, uint8_t family);
/** rule_ipv4 - nothing but IPv4 */
void rule_ipv4(struct builder *b);
/** rule_l4proto - meta l4proto @proto (IPPROTO_*) */
void rule_l4proto(struct builder *b, uint8_t proto);
/** rule_match - FIELD @value */
void rule_match(struct builder *b, enum field field, struct value value);
/** rule_match_range - FIELD LO-HI */
void rule_match_range(struct builder *b, enum field field, struct value lo, struct value hi);
/** rule_ports - FIELD with one of @ports; a set of more than one range becomes anonymous */
void rule_ports(struct builder *b, enum field field, struct range_set ports, bool invert);
/** rule_lookup - FIELD . FIELD ... @set, or vmap, or != where @invert */
void rule_lookup(struct builder *b, const enum field *list, size_t n, struct set *set, bool invert);
/** rule_ct_state - ct state with one of the bits of @mask */
void rule_ct_state(struct builder *b, uint32_t mask);
/** rule_ct_status - ct status with one of the bits of @mask */
void rule_ct_status(struct builder *b, uint32_t mask);
void rule_counter(struct builder *b);
void rule_limit_log(struct builder *b, uint64_t per_second, uint32_t burst, const char *prefix);
void rule_verdict(struct builder *b, enum verdict_kind kind, const struct chain *chain);
/** rule_nat_map - dnat or snat ip to FIELD . FIELD ... map @map */
void rule_nat_map(struct builder *b, enum nat_kind kind, const enum field *list, size_t n,
		  struct set *map);
void rule_masquerade(struct builder *b);
/** rule_comment - @text must be without double quotes and at most 128 bytes; copied */
void rule_comment(struct builder *b, const char *text);

/** table_is_ours - is @table jgfw's? */
bool table_is_ours(const struct table *table);

#endif
