-- A shop of two products, for docker-compose.yml.
CREATE TABLE products (
  id INT UNSIGNED NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  price DECIMAL(15,4) NOT NULL,
  quantity INT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO products VALUES (1, 'Mug, blue', 4.50, 12), (2, 'Desk lamp', 29.90, 3);
