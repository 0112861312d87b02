#!/bin/sh
# Makes the embedded fonts anew from Debian's fonts-noto-cjk and fonts-wqy-microhei, with fonttools.
# Kept: Latin-1, general punctuation, arrows and marks the screens use, and the whole of GB2312.
set -eu
cd "$(dirname "$0")"
list=$(mktemp)
trap 'rm -f "$list"' EXIT

python3 - >"$list" <<'PY'
points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | set(range(0x2010, 0x2028))
points |= {0x2030, 0x2032, 0x2033, 0x20AC, 0x2190, 0x2191, 0x2192, 0x2193, 0x21B5, 0x2212, 0x2713, 0x2715, 0xFFE5, 0xFFFD}
points |= set(range(0xFF01, 0xFF5F))
for lead in range(0xA1, 0xFF):
    for trail in range(0xA1, 0xFF):
        try:
            points.add(ord(bytes([lead, trail]).decode("gb2312")))
        except UnicodeDecodeError:
            pass
print("\n".join(f"U+{p:04X}" for p in sorted(points)))
PY

noto=/usr/share/fonts/opentype/noto
for weight in Regular Bold; do
	pyftsubset "$noto/NotoSansCJK-$weight.ttc" --font-number=2 --unicodes-file="$list" --no-hinting --layout-features='' \
		--drop-tables+=GSUB,GPOS,GDEF,BASE,vhea,vmtx,VORG --output-file="NotoSansSC-$weight.otf"
done
# PDF writers take TrueType outlines only.
pyftsubset /usr/share/fonts/truetype/wqy/wqy-microhei.ttc --font-number=0 --unicodes-file="$list" --no-hinting --layout-features='' \
	--drop-tables+=GSUB,GPOS,GDEF,BASE,vhea,vmtx --output-file=WenQuanYiMicroHei.ttf
