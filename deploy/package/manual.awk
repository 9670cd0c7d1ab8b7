# Makes the flags' part of productcache(1) out of what productcache -help prints.
function escaped(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); sub(/^\./, "\\\&.", s); return s }
/^  -/ { flags = 1; sub(/^  /, ""); print ".TP"; print ".B " escaped($0); next }
flags && /^    / { sub(/^ *\t?/, ""); print escaped($0) }
