#!/bin/bash
#
# laws: what a script can check about the tree, it checks here.
#
# One test per law; each offender is a line of diagnostics.  Meaning is left to review.

set -u
shopt -s nullglob

cd "$(dirname "$0")/.." || exit 2

count=0
failed=0

# Reads the offenders; a law without any is kept.
law() {	# name
	local offenders
	offenders=$(cat)
	count=$((count + 1))
	if [ -z "$offenders" ]; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		head -n 50 <<<"$offenders" | sed 's/^/# /'
	fi
}

# What was written by hand and is shipped.
files() {
	find . \( -name .git -o -name node_modules -o -path ./build \) -prune -o -type f -print | sed 's|^\./||'
}

# --- architecture ---

layers=$(make -s layers)

# A file includes headers of files named earlier, besides its own.  The operator's programs stand
# beside protocol and process: they use nothing of them.
includes_upward() {
	awk -v layers="$layers" '
		function stem(path) { sub(/.*\//, "", path); sub(/\.[ch]$/, "", path); return path }
		BEGIN {
			n = split(layers, line, "\n")
			for (i = 1; i <= n; i++) {
				m = split(line[i], word, " ")
				for (j = 2; j <= m; j++) {
					rank[word[j]] = ++named
					layer[word[j]] = word[1]
				}
			}
		}
		/^[ \t]*#[ \t]*include[ \t]*"/ {
			split($0, part, "\"")
			from = stem(FILENAME); to = stem(part[2])
			if (from == to || !(from in rank)) next
			if (!(to in rank))
				print FILENAME ": includes " part[2] ", which is in no layer"
			else if (rank[to] > rank[from])
				print FILENAME ": " part[2] " is named later"
			else if (layer[from] ~ /^mcp/ && layer[to] ~ /^(protocol|process)$/)
				print FILENAME ": " part[2] " belongs to " layer[to] ", which " layer[from] " does without"
		}' fcgi/*.[ch]
}

not_in_layers() {
	for file in fcgi/*.[ch]; do
		stem=$(basename "${file%.*}")
		grep -qw -- "$stem" <<<"$(cut -d' ' -f2- <<<"$layers")" || echo "$file: not in the LAYERS of the Makefile"
	done
}

# header (a regular expression), and the file that may know the library; two, where one waits and the other may not
libraries='
libpq-fe\.h|libpq/.*    db.c|db_async.c
hiredis/.*              cache.c|feed.c
curl/.*                 web.c|stdio_http.c
fcgiapp\.h|fcgi.*\.h    fastcgi.c
systemd/.*              sockets.c
openssl/.*              crypt.c
pcre2\.h                pattern.c
'

library_leaks() {
	while read -r header owner; do
		[ -n "$header" ] || continue
		grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($header)>" fcgi/*.[ch] tests/unit/*.[ch] |
			grep -vE "^fcgi/($owner):" | sed "s,\$,  (only $owner may),"
	done <<<"$libraries"
}

law "files include only what is named before them" < <(includes_upward)
law "every file of fcgi/ is in a layer" < <(not_in_layers)
law "each library is known to one file" < <(library_leaks)

# --- shape ---

long_functions() {
	awk 'FNR == 1 { start = 0 }
		/^{/ { start = FNR }
		/^}/ { if (start && FNR - start + 1 > 70) print FILENAME ":" start ": " FNR - start + 1 " lines"; start = 0 }' \
		fcgi/*.[ch] tests/unit/*.[ch]
}

longer_than() {	# lines, files
	local most=$1
	shift
	wc -l "$@" | awk -v most="$most" '$2 != "total" && $1 > most { print $2 ": " $1 " lines, at most " most }'
}

# The compiler refuses them too, wherever base.h was included; this finds the file that did not.
poisoned() {
	grep -nE '\b(strcpy|strcat|strncpy|sprintf|vsprintf|strtok|atoi|gets)\(' fcgi/*.[ch] tests/unit/*.c
}

goto_above_ground() {
	for file in fcgi/*.c; do
		grep -qw -- "$(basename "$file" .c)" <<<"$(grep '^ground ' <<<"$layers")" && continue
		grep -nHwE '^[[:space:]]*goto' "$file"
	done
}

untidy() {
	grep -nE '[[:blank:]]$|^\t* {8}' fcgi/*.[ch] tests/unit/*.[ch]
}

law "C is indented with tabs, and lines end where their text ends" < <(untidy)
law "no function is longer than 70 lines" < <(long_functions)
law "no file is longer than 600 lines" < <(longer_than 600 fcgi/*.c tests/unit/*.c)
law "no header is longer than 120 lines" < <(longer_than 120 fcgi/*.h)
law "no poisoned word" < <(poisoned)
law "no goto above the ground layer" < <(goto_above_ground)
law "no struct has a typedef" < <(grep -nE '^[[:space:]]*typedef[[:space:]]+(struct|enum|union)\b' fcgi/*.[ch])

# --- proofs ---

# Files that no unit test mirrors, and what proves them instead.
proven_elsewhere='
bind_sql tests/tools/run.mjs
crew     tests/unit/pool_test.c
proof    tests/e2e/proof.test.mjs
metaschema   tests/unit/schema_test.c
schema_words tests/unit/schema_load_test.c
schema_refs  tests/unit/schema_load_test.c
schema_read  tests/unit/schema_load_test.c
schema_circles tests/unit/schema_load_test.c
schema_says  tests/unit/schema_check_test.c
stdio_call    tests/e2e/stdio.test.mjs
stdio_fail    tests/e2e/stdio.test.mjs
stdio_modern  tests/e2e/stdio.test.mjs
stdio_session tests/e2e/stdio.test.mjs
stdio_legacy  tests/e2e/stdio.test.mjs
'

untested() {
	for file in fcgi/*.c; do
		stem=$(basename "$file" .c)
		case $stem in
		main | ctl | ctl_* | stdio) continue ;;
		esac
		grep -q "^$stem " <<<"$proven_elsewhere" && continue
		[ -e "tests/unit/${stem}_test.c" ] || echo "$file: there is no tests/unit/${stem}_test.c"
	done
}

tests_of_nothing() {
	for file in tests/unit/*_test.c; do
		stem=$(basename "$file" _test.c)
		[ -e "fcgi/$stem.c" ] || echo "$file: there is no fcgi/$stem.c"
	done
	while read -r stem proof; do
		[ -n "$stem" ] || continue
		[ -e "fcgi/$stem.c" ] || echo "tests/laws.sh: fcgi/$stem.c is proven elsewhere, but there is none"
		[ -e "$proof" ] || echo "tests/laws.sh: there is no $proof, which should prove fcgi/$stem.c"
	done <<<"$proven_elsewhere"
}

tools_without_stories() {
	for file in tools/*/*.json; do
		case ${file##*/} in
		catalog.json | resources.json | prompts.json | *.answer.json) continue ;;
		esac
		[ -e "tests/$file" ] || echo "$file: there is no tests/$file"
	done
}

# Which of them are told of, and how well, tests/tools/offers.mjs finds out.
offers_without_stories() {
	for file in tools/*/resources.json tools/*/prompts.json; do
		[ -e "tests/$file" ] || echo "$file: there is no tests/$file"
	done
}

law "every file of fcgi/ has its unit test" < <(untested)
law "every unit test has its file" < <(tests_of_nothing)
law "every tool has its stories" < <(tools_without_stories)
law "resources and prompts have their stories" < <(offers_without_stories)

# --- words ---

settings_and_readme() {
	local names
	[ -e README.md ] || { echo "there is no README.md"; return; }
	names=$(build/mcp-fpm --settings | grep -oE '\bMCP_[A-Z_]+' | sort -u)
	[ -n "$names" ] || echo "mcp-fpm --settings names nothing"
	# The table is what --settings prints, row for row.
	diff <(build/mcp-fpm --settings | awk '{
			usual = substr($0, 24, 28); sub(/ +$/, "", usual)
			print "| `" $1 "` | " (usual == "-" ? "" : "`" usual "`") " | " substr($0, 53) " |"
		}') <(grep '^| `MCP_' README.md) | sed -n 's/^</README.md: lacks the row /p; s/^>/README.md: has the row /p'
	# A parameter of nginx, and a word of the tests, are no settings.
	for name in $(grep -oE '\bMCP_[A-Z_]+' README.md | sort -u); do
		case $name in
		MCP_CATALOG | MCP_FPM) ;;
		*) grep -qx -- "$name" <<<"$names" || echo "README.md: there is no setting $name" ;;
		esac
	done
}

# Written so that this file does not break its own law.
unfinished='TO''DO|FIX''ME|X''XX'
workplace='(^|[^[:alnum:]_.~-])/wo''rk/|/tmp/te''am'

law "README.md and mcp-fpm --settings name the same settings" < <(settings_and_readme)
law "nothing is left for later" < <(files | grep -v 'package-lock\.json$' | xargs grep -nIwE -- "$unfinished")
law "no path of somebody's machine" < <(files | xargs grep -nIE -- "$workplace")
law "package locks name no registry" < <(files | grep 'package-lock\.json$' | xargs -r grep -n -m 3 '"resolved"')
law "scripts can be run" < <(files | xargs grep -lI -m 1 '^#!/' | while read -r file; do
	[ -x "$file" ] || echo "$file: begins with #! but may not be executed"
done)

echo "1..$count"
[ "$failed" -eq 0 ]
