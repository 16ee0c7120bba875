"use strict";
// Rows that have all the words stay, and so do the tables and deployments that have such rows. Sites have
// thousands of deployments: in one that goes, nothing else is touched.
(() => {
	const words = document.getElementById(":words");
	const count = document.getElementById(":count");
	const sections = Array.from(document.querySelectorAll("main section"), (section) => {
		const name = section.querySelector("h2").textContent;

		return {
			section,
			tables: section.querySelectorAll("table"),
			rows: Array.from(section.querySelectorAll("tbody tr"), (row) => ({
				row,
				text: `${name} ${row.textContent}`.toLowerCase(),
			})),
		};
	});
	const total = sections.reduce((n, { rows }) => n + rows.length, 0);

	function filter() {
		const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
		const fits = ({ text }) => wanted.every((word) => text.includes(word));
		let shown = 0;

		sections.forEach(({ section, tables, rows }) => {
			const n = rows.filter(fits).length;

			shown += n;
			section.hidden = n === 0;
			if (section.hidden) return;
			rows.forEach((one) => {
				one.row.hidden = !fits(one);
			});
			tables.forEach((table) => {
				table.hidden = !table.querySelector("tbody tr:not([hidden])");
			});
		});
		count.textContent = wanted.length ? `${shown} of ${total} rows` : "";
	}

	words.addEventListener("input", filter);
	document.getElementById(":filter").hidden = false;
	// what the browser has kept of the last visit
	filter();
})();
