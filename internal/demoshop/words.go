package demoshop

var things = [...]string{"Mug", "Lamp", "Chair", "Basket", "Teapot", "Bowl", "Rug", "Shelf", "Clock", "Vase", "Kettle", "Stool", "Mirror", "Tray", "Blanket", "Pan"}

var materials = [...]string{"Oak", "Stoneware", "Enamel", "Linen", "Brass", "Glass", "Wool", "Walnut", "Steel", "Rattan", "Copper", "Café-brown"}

var makers = [...]string{"Lindqvist", "Moreau", "Hartmann", "Okafor", "Tanaka", "Novák", "Silva", "Byrne", "Rossi", "Aalto"}

var sentences = [...]string{
	"Made by hand in small numbers, so that no two are quite the same.",
	"Wipe it with a damp cloth; it wants no more care than that.",
	"The surface takes on a patina with the years, and is the better for it.",
	"Safe in the dishwasher, and in the oven up to 180 °C.",
	"Comes in a box of recycled board with a cotton bag.",
	"The handle stays cool & sits well in the hand.",
	"Designed in 1962 and never out of production since.",
	"Holds \"a litre\", measured to the brim.",
	"Two screws and ten minutes are all that it takes to put up.",
	"Stackable: six of them stand where one did.",
	"The wood is from forests that are managed for their third generation.",
	"Please order a sample first: screens show colours as they like.",
}
