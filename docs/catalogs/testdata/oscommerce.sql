# The tables of osCommerce 2.3.4 that its catalog reads, with the columns, types and keys of its installer, and a shop of our own.
CREATE TABLE products (
  products_id int NOT NULL auto_increment,
  products_quantity int(4) NOT NULL,
  products_model varchar(12),
  products_image varchar(64),
  products_price decimal(15,4) NOT NULL,
  products_date_added datetime NOT NULL,
  products_last_modified datetime,
  products_date_available datetime,
  products_weight decimal(5,2) NOT NULL,
  products_status tinyint(1) NOT NULL,
  products_tax_class_id int NOT NULL,
  manufacturers_id int NULL,
  products_ordered int NOT NULL default '0',
  PRIMARY KEY (products_id),
  KEY idx_products_model (products_model),
  KEY idx_products_date_added (products_date_added)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE products_description (
  products_id int NOT NULL auto_increment,
  language_id int NOT NULL default '1',
  products_name varchar(64) NOT NULL default '',
  products_description text,
  products_url varchar(255) default NULL,
  products_viewed int(5) default '0',
  PRIMARY KEY (products_id, language_id),
  KEY products_name (products_name)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE products_images (
  id int NOT NULL auto_increment,
  products_id int NOT NULL,
  image varchar(64),
  htmlcontent text,
  sort_order int NOT NULL,
  PRIMARY KEY (id),
  KEY products_images_prodid (products_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE products_attributes (
  products_attributes_id int NOT NULL auto_increment,
  products_id int NOT NULL,
  options_id int NOT NULL,
  options_values_id int NOT NULL,
  options_values_price decimal(15,4) NOT NULL,
  price_prefix char(1) NOT NULL,
  PRIMARY KEY (products_attributes_id),
  KEY idx_products_attributes_products_id (products_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE products_options (
  products_options_id int NOT NULL default '0',
  language_id int NOT NULL default '1',
  products_options_name varchar(32) NOT NULL default '',
  PRIMARY KEY (products_options_id, language_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE products_options_values (
  products_options_values_id int NOT NULL default '0',
  language_id int NOT NULL default '1',
  products_options_values_name varchar(64) NOT NULL default '',
  PRIMARY KEY (products_options_values_id, language_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE products_to_categories (
  products_id int NOT NULL,
  categories_id int NOT NULL,
  PRIMARY KEY (products_id, categories_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE categories (
  categories_id int NOT NULL auto_increment,
  categories_image varchar(64),
  parent_id int DEFAULT '0' NOT NULL,
  sort_order int(3),
  date_added datetime,
  last_modified datetime,
  PRIMARY KEY (categories_id),
  KEY idx_categories_parent_id (parent_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE categories_description (
  categories_id int DEFAULT '0' NOT NULL,
  language_id int DEFAULT '1' NOT NULL,
  categories_name varchar(32) NOT NULL,
  PRIMARY KEY (categories_id, language_id),
  KEY idx_categories_name (categories_name)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE manufacturers (
  manufacturers_id int NOT NULL auto_increment,
  manufacturers_name varchar(32) NOT NULL,
  manufacturers_image varchar(64),
  date_added datetime NULL,
  last_modified datetime NULL,
  PRIMARY KEY (manufacturers_id),
  KEY IDX_MANUFACTURERS_NAME (manufacturers_name)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE specials (
  specials_id int NOT NULL auto_increment,
  products_id int NOT NULL,
  specials_new_products_price decimal(15,4) NOT NULL,
  specials_date_added datetime,
  specials_last_modified datetime,
  expires_date datetime,
  date_status_change datetime,
  status int(1) NOT NULL DEFAULT '1',
  PRIMARY KEY (specials_id),
  KEY idx_specials_products_id (products_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE reviews (
  reviews_id int NOT NULL auto_increment,
  products_id int NOT NULL,
  customers_id int,
  customers_name varchar(255) NOT NULL,
  reviews_rating int(1),
  date_added datetime,
  last_modified datetime,
  reviews_status tinyint(1) NOT NULL default '0',
  reviews_read int(5) NOT NULL default '0',
  PRIMARY KEY (reviews_id),
  KEY idx_reviews_products_id (products_id),
  KEY idx_reviews_customers_id (customers_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;
CREATE TABLE reviews_description (
  reviews_id int NOT NULL,
  languages_id int NOT NULL,
  reviews_text text NOT NULL,
  PRIMARY KEY (reviews_id, languages_id)
) CHARACTER SET utf8 COLLATE utf8_unicode_ci;

INSERT INTO manufacturers (manufacturers_id, manufacturers_name) VALUES (1, 'Teapot & Sons'), (2, 'Lumen');
INSERT INTO products (products_id, products_quantity, products_model, products_image, products_price, products_date_added, products_date_available, products_weight, products_status, products_tax_class_id, manufacturers_id) VALUES
  (1, 32, 'TP-01', 'teapot.jpg', 49.9900, '2024-03-01 10:00:00', NULL, 1.20, 1, 1, 1),
  (2, 5, 'LA-07', 'lamp.jpg', 89.0000, '2024-03-02 11:30:00', '2099-01-01 00:00:00', 2.50, 1, 1, 2),
  (3, 0, 'MU-03', NULL, 7.5000, '2024-03-03 12:00:00', NULL, 0.30, 1, 0, NULL),
  (4, 9, 'OLD-1', NULL, 1.0000, '2020-01-01 00:00:00', NULL, 0.10, 0, 0, NULL);
INSERT INTO products_description (products_id, language_id, products_name, products_description, products_url) VALUES
  (1, 1, 'Teapot', '<p>For six cups.</p>', ''), (1, 2, 'Teekanne', '<p>Für sechs Tassen.</p>', ''),
  (2, 1, 'Desk lamp', '<p>Bends.</p>', 'lumen.example/la-07'), (3, 1, 'Mug', NULL, NULL), (4, 1, 'Gone', NULL, NULL);
INSERT INTO products_images (products_id, image, htmlcontent, sort_order) VALUES (1, 'teapot-side.jpg', NULL, 2), (1, 'teapot-top.jpg', '<b>top</b>', 1);
INSERT INTO products_options VALUES (1, 1, 'Colour'), (1, 2, 'Farbe'), (2, 1, 'Lid'), (2, 2, 'Deckel');
INSERT INTO products_options_values VALUES (1, 1, 'white'), (1, 2, 'weiß'), (2, 1, 'blue'), (2, 2, 'blau'), (3, 1, 'cork'), (3, 2, 'Kork');
INSERT INTO products_attributes (products_id, options_id, options_values_id, options_values_price, price_prefix) VALUES
  (1, 2, 3, 4.5000, '+'), (1, 1, 1, 0.0000, '+'), (1, 1, 2, 3.0000, '+');
INSERT INTO categories (categories_id, categories_image, parent_id, sort_order) VALUES (10, 'home.jpg', 0, 1), (11, NULL, 10, 2), (12, NULL, 10, 1);
INSERT INTO categories_description VALUES (10, 1, 'Home'), (11, 1, 'Kitchen'), (12, 1, 'Light'), (11, 2, 'Küche');
INSERT INTO products_to_categories VALUES (1, 11), (2, 12), (3, 11), (4, 11);
INSERT INTO specials (products_id, specials_new_products_price, expires_date, status) VALUES
  (1, 39.9900, NULL, 1), (2, 1.0000, '2001-01-01 00:00:00', 1), (3, 1.0000, NULL, 0), (3, 6.0000, '2099-01-01 00:00:00', 1);
INSERT INTO reviews (reviews_id, products_id, customers_name, reviews_rating, reviews_status) VALUES (1, 1, 'A', 5, 1), (2, 1, 'B', 1, 0), (3, 1, 'C', 4, 1);
INSERT INTO reviews_description VALUES (1, 1, 'Pours well.'), (2, 1, 'No.'), (3, 2, 'Gut.');
