package demoshop

// kind is a sort of product: a category of its own, in one of the rooms.
type kind struct {
	name, category, room string
	materials            [4]string
}

var kinds = [...]kind{
	{"Mug", "Mugs", "Kitchen", [4]string{"Stoneware", "Enamel", "Porcelain", "Glass"}},
	{"Teapot", "Teapots", "Kitchen", [4]string{"Stoneware", "Cast Iron", "Porcelain", "Glass"}},
	{"Kettle", "Kettles", "Kitchen", [4]string{"Steel", "Copper", "Enamel", "Cast Iron"}},
	{"Pan", "Pans", "Kitchen", [4]string{"Cast Iron", "Steel", "Copper", "Aluminium"}},
	{"Chopping Board", "Chopping Boards", "Kitchen", [4]string{"Oak", "Olive", "Beech", "Slate"}},
	{"Knife", "Knives", "Kitchen", [4]string{"Steel", "Ceramic", "Damascus", "Walnut"}},
	{"Storage Jar", "Storage Jars", "Kitchen", [4]string{"Glass", "Stoneware", "Tin", "Enamel"}},
	{"Bowl", "Bowls", "Dining room", [4]string{"Stoneware", "Olive", "Porcelain", "Glass"}},
	{"Plate", "Plates", "Dining room", [4]string{"Stoneware", "Porcelain", "Enamel", "Slate"}},
	{"Carafe", "Carafes", "Dining room", [4]string{"Glass", "Crystal", "Stoneware", "Copper"}},
	{"Table", "Tables", "Dining room", [4]string{"Oak", "Walnut", "Marble", "Pine"}},
	{"Chair", "Chairs", "Dining room", [4]string{"Oak", "Beech", "Rattan", "Steel"}},
	{"Tablecloth", "Tablecloths", "Dining room", [4]string{"Linen", "Cotton", "Damask", "Jute"}},
	{"Tray", "Trays", "Living room", [4]string{"Birch", "Brass", "Rattan", "Bamboo"}},
	{"Armchair", "Armchairs", "Living room", [4]string{"Velvet", "Leather", "Bouclé", "Linen"}},
	{"Bookshelf", "Bookshelves", "Living room", [4]string{"Oak", "Walnut", "Steel", "Pine"}},
	{"Cushion", "Cushions", "Living room", [4]string{"Velvet", "Linen", "Wool", "Cotton"}},
	{"Rug", "Rugs", "Living room", [4]string{"Wool", "Jute", "Cotton", "Sisal"}},
	{"Vase", "Vases", "Living room", [4]string{"Glass", "Stoneware", "Brass", "Terracotta"}},
	{"Wall Clock", "Wall Clocks", "Living room", [4]string{"Oak", "Brass", "Steel", "Bamboo"}},
	{"Candlestick", "Candlesticks", "Living room", [4]string{"Brass", "Glass", "Cast Iron", "Marble"}},
	{"Blanket", "Blankets", "Bedroom", [4]string{"Wool", "Cashmere", "Cotton", "Alpaca"}},
	{"Duvet Cover", "Duvet Covers", "Bedroom", [4]string{"Linen", "Percale", "Satin", "Flannel"}},
	{"Bedside Table", "Bedside Tables", "Bedroom", [4]string{"Oak", "Walnut", "Rattan", "Steel"}},
	{"Mirror", "Mirrors", "Bathroom", [4]string{"Oak", "Brass", "Steel", "Rattan"}},
	{"Towel", "Towels", "Bathroom", [4]string{"Cotton", "Linen", "Bamboo", "Hemp"}},
	{"Soap Dish", "Soap Dishes", "Bathroom", [4]string{"Marble", "Olive", "Porcelain", "Brass"}},
	{"Laundry Basket", "Laundry Baskets", "Bathroom", [4]string{"Rattan", "Jute", "Bamboo", "Cotton"}},
	{"Desk Lamp", "Desk Lamps", "Study", [4]string{"Brass", "Steel", "Oak", "Glass"}},
	{"Stool", "Stools", "Study", [4]string{"Oak", "Beech", "Steel", "Cork"}},
	{"Plant Pot", "Plant Pots", "Garden", [4]string{"Terracotta", "Stoneware", "Zinc", "Concrete"}},
	{"Lantern", "Lanterns", "Garden", [4]string{"Zinc", "Glass", "Brass", "Steel"}},
}

var rooms = [...]string{"Kitchen", "Dining room", "Living room", "Bedroom", "Bathroom", "Study", "Garden", "Gifts"}

var series = [...]string{"Alba", "Astrid", "Aurora", "Bergen", "Brisa", "Calla", "Dune", "Elva", "Fjord", "Flora", "Hugo", "Iris",
	"Juno", "Kyoto", "Lagom", "Liv", "Lumi", "Mare", "Mila", "Nora", "Odin", "Olga", "Oslo", "Pepa", "Porto", "Runa", "Saga", "Siena",
	"Skye", "Sol", "Tove", "Una", "Vega", "Viola", "Wilma", "Yrsa", "Zélie", "Åsa"}

var makers = [...]string{"Lindqvist", "Moreau", "Hartmann", "Okafor", "Tanaka", "Novák", "Silva", "Byrne", "Rossi", "Aalto"}

var houses = [...]string{"& Sons", "Atelier", "Works", "Trading", "Manufaktur"}

var colours = [...]string{"natural", "black", "white", "grey", "ink blue", "sage", "terracotta", "grün"}

var sentences = [...]string{
	"Made by hand in small numbers, so that no two are quite the same.",
	"Wipe it with a damp cloth; it wants no more care than that.",
	"The surface takes on a patina with the years, and is the better for it.",
	"Comes in a box of recycled board with a cotton bag.",
	"Designed in 1962 and never out of production since.",
	"The maker's mark is on the underside.",
	"Goes well with the rest of the series, & with what you have already.",
	"Colours follow the season's \"Nordic light\" palette.",
	"Keep it out of full sun: 30 °C and more are not good for it.",
	"The makers are a family of four, in the third generation.",
	"Spare parts are to be had for ten years at least.",
	"Please order a sample first: screens show colours as they like.",
	"<b>New:</b> now also as a set of two.",
}
