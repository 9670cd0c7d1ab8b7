CREATE TABLE manufacturers (
  manufacturer_id INT UNSIGNED NOT NULL PRIMARY KEY,
  name VARCHAR(64) NOT NULL
) ENGINE=InnoDB;
-- viewed counts page views, as many shop systems do: a write that no cache should care for.
-- version is raised by whoever changes a product, so that a check can see a value go back in time.
CREATE TABLE products (
  product_id INT UNSIGNED NOT NULL PRIMARY KEY,
  sku VARCHAR(32) NOT NULL,
  manufacturer_id INT UNSIGNED NOT NULL,
  price DECIMAL(15,4) NOT NULL,
  quantity INT NOT NULL,
  status TINYINT(1) NOT NULL DEFAULT 1,
  viewed INT UNSIGNED NOT NULL DEFAULT 0,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  date_modified DATETIME NOT NULL DEFAULT '2024-01-01 00:00:00',
  UNIQUE KEY sku (sku),
  KEY manufacturer_id (manufacturer_id)
) ENGINE=InnoDB;
CREATE TABLE product_descriptions (
  product_id INT UNSIGNED NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  description TEXT NOT NULL
) ENGINE=InnoDB;
CREATE TABLE product_specials (
  product_id INT UNSIGNED NOT NULL PRIMARY KEY,
  price DECIMAL(15,4) NOT NULL
) ENGINE=InnoDB;
CREATE TABLE product_images (
  product_id INT UNSIGNED NOT NULL,
  sort_order INT NOT NULL,
  image VARCHAR(255) NOT NULL,
  PRIMARY KEY (product_id, sort_order)
) ENGINE=InnoDB;
CREATE TABLE product_attributes (
  product_id INT UNSIGNED NOT NULL,
  name VARCHAR(64) NOT NULL,
  value VARCHAR(255) NOT NULL,
  PRIMARY KEY (product_id, name)
) ENGINE=InnoDB;
-- parent_id is the category above; 0 for those of the shop's menu.
CREATE TABLE categories (
  category_id INT UNSIGNED NOT NULL PRIMARY KEY,
  parent_id INT UNSIGNED NOT NULL,
  name VARCHAR(64) NOT NULL,
  KEY parent_id (parent_id)
) ENGINE=InnoDB;
CREATE TABLE product_to_category (
  category_id INT UNSIGNED NOT NULL,
  product_id INT UNSIGNED NOT NULL,
  PRIMARY KEY (category_id, product_id),
  KEY product_id (product_id)
) ENGINE=InnoDB;
