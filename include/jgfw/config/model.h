/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port models and profiles: the vendor's port references as data. */
#ifndef JGFW_CONFIG_MODEL_H
#define JGFW_CONFIG_MODEL_H

#include "jgfw/base/addr.h"
#include "jgfw/base/diag.h"
#include "jgfw/base/vec.h"
#include "jgfw/config/zone.h"

enum {
	MODEL_MAX_NICS = 4,
	MODEL_MAX_ROLES = 28, /* add-ons' included; with the NICs, bits of a word */
	MODEL_MAX_ADD_ONS = 16,
	MODEL_MAX_PORTS = 128,
	PORTS_MAX_RANGES = 1 << 12, /* of a named port, of an end of a row; items of a list */
	ROW_ID_MAX = 32,
	/* nft's NFTNL_UDATA_COMMENT_MAXLEN: what fits a rule's comment */
	RULE_COMMENT_MAX = 128,
};

/** enum proto - the protocols of rows; tls is tcp on the wire, tcp+udp stands for two flows */
enum proto {
	PROTO_TCP,
	PROTO_TLS,
	PROTO_UDP,
	PROTO_TCP_UDP,
	PROTO_ICMP,
};
#define PROTO_COUNT (PROTO_ICMP + 1)

/** proto_names - their words in files, by enum proto */
extern const char *const proto_names[PROTO_COUNT];

const char *proto_name(enum proto proto);

/** struct word - a string from a file, and where it stood */
struct word {
	const char *text;
	struct loc loc;
};

struct words {
	VEC(struct word);
};

/** struct port_item - a literal range, a named port, or the first ports of a named one */
struct port_item {
	struct range range;
	const char *name; /* NULL for a literal */
	int index;	  /* of the named port in the model; -1 until it is resolved */
	unsigned int first;
	struct loc loc;
};

/** struct port_expr - ports as they are written; without items where they are not given */
struct port_expr {
	struct port_item *items;
	size_t n;
	struct loc loc;
};

/** struct port_choice - what may stand in a named port's place: an exact value, or so many ports
 * within a range */
struct port_choice {
	struct port_expr exact; /* used where it has items */
	uint32_t min_count, max_count;
	struct range within;
};

struct port_choices {
	VEC(struct port_choice);
	bool given;
};

/** struct port_size - what a named port of an add-on is on systems of one size */
struct port_size {
	struct word name; /* a profile's size, with "-mux" where it multiplexes */
	struct port_expr value;
	struct port_choices allow;
};

/** struct port_def - a named port of a model; profiles give values and choices of their own */
struct port_def {
	struct word name;
	const char *purpose;
	struct port_expr value;
	struct port_choices allow;
	struct {
		VEC(struct port_size);
	} sizes;     /* in place of value and allow */
	bool shared; /* of an add-on: the one that the model has already, where it has one */
};

struct port_defs {
	VEC(struct port_def);
};

/** struct role - machines that rows speak of (Expressway-C, a server ...), given by a site */
struct role {
	struct word name;
	const char *label;
	enum zone zone;
	uint32_t max;
	uint32_t usual[4]; /* numbers of machines that the vendor knows; 0 ends the list */
	bool foreign;	   /* others use them too: not the deployment's own, and may be left out */
	bool shared;	   /* as a named port is */
};

/** role_is_own - are its machines the deployment's own, and nobody else's business? */
static inline bool role_is_own(const struct role *role)
{
	return !role->foreign && role->zone != ZONE_WAN;
}

/** struct nic - an address of an Expressway-E beside its public one */
struct nic {
	struct word name;
	const char *label;
	enum zone zone;
};

enum endpoint_kind {
	END_ANY,    /* the clients, as the site defines them */
	END_PUBLIC, /* public addresses of the edge */
	END_NIC,    /* NIC addresses of the edge */
	END_ROLE,   /* machines of a role */
	END_ZONE,   /* a zone, or a network in it */
};

/** struct endpoint - one end of a row, understood */
struct endpoint {
	enum endpoint_kind kind;
	int peer;	  /* index of one Expressway-E, or -1 for all (END_PUBLIC, END_NIC) */
	unsigned int nic; /* END_NIC; for END_PUBLIC the NIC it is translated to */
	unsigned int role;
	enum zone zone;	    /* where it is; of END_ANY, meaningless */
	struct range range; /* END_ZONE: the addresses; IPV4_ALL for the whole zone */
};

/** struct row - one row of a port model, or of a site's own */
struct row {
	struct word id;
	struct word purpose;
	struct word from, to;
	enum proto proto;
	bool has_icmp_type;
	uint8_t icmp_type;
	struct loc icmp_loc;
	struct port_expr sport, dport, translate;
	struct word translation_of; /* the row this one only tells the translation of */
	const char *never;	    /* why it is in force on no gateway, or NULL */
	const char *condition;
	const char *citation;
	uint32_t footnotes[4]; /* 0 ends the list */
	struct loc loc;
	bool of_site;
	const struct model *part; /* whose file it is in; NULL of a site's own */
	unsigned int index;	  /* position there, or in the site's rows */
	struct endpoint from_end,
		to_end; /* understood; of a row of the site's own, by deployment */
};

struct rows {
	VEC(struct row);
};

struct footnote {
	uint32_t number;
	const char *text;
	struct loc loc;
};

/** struct model - a port reference of the vendor's as data, joined with its add-ons or before */
struct model {
	struct word name;
	const char *title, *citation;
	const char *edge_label;
	uint32_t max_peers;
	struct nic nics[MODEL_MAX_NICS];
	size_t n_nics;
	struct word public_nic;
	unsigned int behind; /* index of the NIC that public addresses are translated to */
	struct port_expr management_tcp, management_udp; /* where an Expressway-E is managed */
	struct word inside_nic; /* the NIC that add-ons call edge.inside; may be missing */
	bool add_on;		/* has no edge: it joins a model that has */
	struct words excludes;	/* models that never share an Expressway-E with this one */
	struct {
		VEC(const struct model *);
	} parts; /* the model itself and the add-ons that were joined to it */
	struct role roles[MODEL_MAX_ROLES];
	size_t n_roles;
	struct port_defs ports;
	struct {
		VEC(struct footnote);
	} footnotes;
	struct rows rows;
	struct loc loc;
};

/** struct profile - a model with its open numbers filled in */
struct profile {
	struct word name;
	struct word model_name;
	const struct model *model;
	const char *title;
	struct word size;
	bool multiplexing;
	struct words with;		  /* add-ons that belong to it */
	const char *warning;		  /* told to every site that uses it; NULL for none */
	struct port_defs ports;		  /* values and choices in place of the model's */
	const struct range_vec *resolved; /* ports by index in model->ports */
	struct loc loc;
};

/** part_excludes - the word by which @a excludes the model @b, or NULL; of parts, not of what was
 * joined */
const struct word *part_excludes(const struct model *a, const struct model *b);

/** models_exclude - the word by which a part of one excludes a part of the other, or NULL */
const struct word *models_exclude(const struct model *a, const struct model *b);

#endif
