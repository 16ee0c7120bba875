/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that differ in addresses only: they share rules, their addresses become elements. */
#ifndef JGFW_POLICY_GROUP_H
#define JGFW_POLICY_GROUP_H

#include "jgfw/base/index.h"
#include "jgfw/base/vec.h"
#include "jgfw/policy/expand.h"
#include "jgfw/ruleset/ruleset.h"

/** enum group_kind - what a group's rules do */
enum group_kind {
	GROUP_ACCEPT,	  /* accept in forward */
	GROUP_DNAT_PORTS, /* from a whole zone, one port each: dnat by address, protocol and port */
	GROUP_DNAT,	  /* dnat by address alone */
	GROUP_SNAT,	  /* snat to public addresses */
	GROUP_MASQUERADE,
};

/** struct group - flows (some of their machines) that are alike but for addresses */
struct group {
	enum group_kind kind;
	const struct flow *like;  /* the first: ports, row and zones of all */
	bool translated;	  /* accept: only machines whose packets bear ct status dnat */
	enum party_kind src, dst; /* as sets see them: single addresses are machines */
	struct {
		VEC(uint32_t);
	} flows; /* indices in the policy, in order */
	struct {
		VEC(const struct row *);
	} rows; /* dnat ports: the first rows in the map, to be named */
	bool more_rows;
	struct set *set; /* made by groups_set() */
	size_t serial;
	struct group *next_sharer; /* one more whose set may serve others */
};

struct groups {
	const struct policy *policy;
	struct ruleset *rs;
	struct {
		VEC(struct group *);
	} all;		      /* in the order of rules */
	struct index names;   /* of sets */
	struct index sharers; /* from addresses to groups whose sets have them */
	size_t pieces;	      /* of networks at both ends, see sets.c */
	struct diag *diag;
	struct arena arena;
};

/** groups_make - sort the flows of @policy into groups */
void groups_make(struct groups *groups, const struct policy *policy, struct ruleset *rs,
		 struct diag *diag);
void groups_free(struct groups *groups);

/** groups_set - the set or map that holds the addresses of @group; NULL where it has none (from any
 * to any); one set serves all groups with the same addresses; an error in groups->diag where two
 * flows give one key different data */
struct set *groups_set(struct groups *groups, struct group *group);

/** group_fields - the fields that look up group->set; returns their number */
size_t group_fields(const struct group *group, enum field fields[4]);

/** group_end_name - append an end of a row as names of sets tell it: peers' names differ between
 * deployments, NICs do not; @kind as the set sees it */
void group_end_name(struct buf *name, const struct flow *flow, const struct word *word,
		    const struct endpoint *end, enum party_kind kind);

/** unique_name - @name as it is, or with _2 and so on behind it where it is taken; it then is taken
 *
 * The string belongs to @name.
 */
const char *unique_name(struct index *taken, struct buf *name);

/** set_fit - give @set the size that is derived from the number of its elements */
void set_fit(struct set *set);

#endif
