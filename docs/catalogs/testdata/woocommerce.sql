# The tables of WordPress and WooCommerce that its catalog reads, with the columns, types and keys of their installers, and a shop of our own.
CREATE TABLE wp_posts (
  ID bigint(20) unsigned NOT NULL auto_increment,
  post_author bigint(20) unsigned NOT NULL default '0',
  post_date datetime NOT NULL default '0000-00-00 00:00:00',
  post_date_gmt datetime NOT NULL default '0000-00-00 00:00:00',
  post_content longtext NOT NULL,
  post_title text NOT NULL,
  post_excerpt text NOT NULL,
  post_status varchar(20) NOT NULL default 'publish',
  comment_status varchar(20) NOT NULL default 'open',
  ping_status varchar(20) NOT NULL default 'open',
  post_password varchar(255) NOT NULL default '',
  post_name varchar(200) NOT NULL default '',
  to_ping text NOT NULL,
  pinged text NOT NULL,
  post_modified datetime NOT NULL default '0000-00-00 00:00:00',
  post_modified_gmt datetime NOT NULL default '0000-00-00 00:00:00',
  post_content_filtered longtext NOT NULL,
  post_parent bigint(20) unsigned NOT NULL default '0',
  guid varchar(255) NOT NULL default '',
  menu_order int(11) NOT NULL default '0',
  post_type varchar(20) NOT NULL default 'post',
  post_mime_type varchar(100) NOT NULL default '',
  comment_count bigint(20) NOT NULL default '0',
  PRIMARY KEY (ID),
  KEY post_name (post_name(191)),
  KEY type_status_date (post_type, post_status, post_date, ID),
  KEY post_parent (post_parent),
  KEY post_author (post_author)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE wp_postmeta (
  meta_id bigint(20) unsigned NOT NULL auto_increment,
  post_id bigint(20) unsigned NOT NULL default '0',
  meta_key varchar(255) default NULL,
  meta_value longtext,
  PRIMARY KEY (meta_id),
  KEY post_id (post_id),
  KEY meta_key (meta_key(191))
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE wp_terms (
  term_id bigint(20) unsigned NOT NULL auto_increment,
  name varchar(200) NOT NULL default '',
  slug varchar(200) NOT NULL default '',
  term_group bigint(10) NOT NULL default 0,
  PRIMARY KEY (term_id),
  KEY slug (slug(191)),
  KEY name (name(191))
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE wp_term_taxonomy (
  term_taxonomy_id bigint(20) unsigned NOT NULL auto_increment,
  term_id bigint(20) unsigned NOT NULL default 0,
  taxonomy varchar(32) NOT NULL default '',
  description longtext NOT NULL,
  parent bigint(20) unsigned NOT NULL default 0,
  count bigint(20) NOT NULL default 0,
  PRIMARY KEY (term_taxonomy_id),
  UNIQUE KEY term_id_taxonomy (term_id, taxonomy),
  KEY taxonomy (taxonomy)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE wp_term_relationships (
  object_id bigint(20) unsigned NOT NULL default 0,
  term_taxonomy_id bigint(20) unsigned NOT NULL default 0,
  term_order int(11) NOT NULL default 0,
  PRIMARY KEY (object_id, term_taxonomy_id),
  KEY term_taxonomy_id (term_taxonomy_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE wp_wc_product_meta_lookup (
  `product_id` bigint(20) NOT NULL,
  `sku` varchar(100) NULL default '',
  `global_unique_id` varchar(100) NULL default '',
  `virtual` tinyint(1) NULL default 0,
  `downloadable` tinyint(1) NULL default 0,
  `min_price` decimal(19,4) NULL default NULL,
  `max_price` decimal(19,4) NULL default NULL,
  `onsale` tinyint(1) NULL default 0,
  `stock_quantity` double NULL default NULL,
  `stock_status` varchar(100) NULL default 'instock',
  `rating_count` bigint(20) NULL default 0,
  `average_rating` decimal(3,2) NULL default 0.00,
  `total_sales` bigint(20) NULL default 0,
  `tax_status` varchar(100) NULL default 'taxable',
  `tax_class` varchar(100) NULL default '',
  PRIMARY KEY (`product_id`),
  KEY `virtual` (`virtual`),
  KEY `downloadable` (`downloadable`),
  KEY `stock_status` (`stock_status`),
  KEY `stock_quantity` (`stock_quantity`),
  KEY `onsale` (`onsale`),
  KEY min_max_price (`min_price`, `max_price`),
  KEY sku (sku(50))
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

INSERT INTO wp_posts (ID, post_title, post_name, post_excerpt, post_content, post_status, post_type, post_parent, menu_order, to_ping, pinged, post_content_filtered) VALUES
  (42, 'Woollen cap', 'woollen-cap', 'Warm.', 'Knitted by hand.', 'publish', 'product', 0, 2, '', '', ''),
  (43, 'T-shirt', 't-shirt', '', '', 'publish', 'product', 0, 1, '', '', ''),
  (44, 'Draft', 'draft', '', '', 'draft', 'product', 0, 0, '', '', ''),
  (45, 'Hidden', 'hidden', '', '', 'publish', 'product', 0, 0, '', '', ''),
  (46, 'T-shirt - red', 't-shirt-red', '', '', 'publish', 'product_variation', 43, 1, '', '', ''),
  (47, 'T-shirt - blue', 't-shirt-blue', '', '', 'publish', 'product_variation', 43, 2, '', '', ''),
  (50, 'cap', 'cap-image', '', '', 'inherit', 'attachment', 42, 0, '', '', ''),
  (60, 'About us', 'about-us', '', '', 'publish', 'page', 0, 0, '', '', '');
INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES
  (42, '_price', '15'), (42, '_regular_price', '18'), (42, '_sale_price', '15'), (42, '_sale_price_dates_to', '4070908800'),
  (42, '_weight', '0.2'), (42, '_thumbnail_id', '50'), (42, '_product_image_gallery', '51,52'), (42, '_edit_lock', '1:1'),
  (43, '_price', '20'), (43, '_price', '22'), (45, '_price', '1'), (45, '_regular_price', '1'),
  (46, '_price', '20'), (46, 'attribute_pa_colour', 'red'), (47, '_price', '22'), (47, 'attribute_pa_colour', 'blue'),
  (50, '_wp_attached_file', '2024/03/cap.jpg');
INSERT INTO wp_terms (term_id, name, slug) VALUES (2, 'simple', 'simple'), (3, 'variable', 'variable'), (4, 'exclude-from-catalog', 'exclude-from-catalog'),
  (17, 'Clothing', 'clothing'), (18, 'Winter', 'winter'), (20, 'red', 'red');
INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description, parent) VALUES (102, 2, 'product_type', '', 0), (103, 3, 'product_type', '', 0),
  (104, 4, 'product_visibility', '', 0), (117, 17, 'product_cat', '', 0), (118, 18, 'product_cat', '', 17), (120, 20, 'pa_colour', '', 0);
INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES (42, 102), (42, 117), (42, 118), (43, 103), (43, 117), (43, 120), (44, 117), (45, 102), (45, 104), (45, 117);
INSERT INTO wp_wc_product_meta_lookup (product_id, sku, min_price, max_price, onsale, stock_quantity, stock_status, rating_count, average_rating) VALUES
  (42, 'WOO-CAP', 15, 15, 1, 7, 'instock', 2, 4.50), (43, 'WOO-TEE', 20, 22, 0, NULL, 'instock', 0, 0), (44, 'WOO-DRAFT', 1, 1, 0, NULL, 'instock', 0, 0),
  (45, '', 1, 1, 0, NULL, 'outofstock', 0, 0), (46, 'WOO-TEE-R', 20, 20, 0, 3, 'instock', 0, 0), (47, 'WOO-TEE-B', 22, 22, 0, 0, 'outofstock', 0, 0);
