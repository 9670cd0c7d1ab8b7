<?php

// Stand-ins for what OpenCart's catalog model needs, around the blocks of opencart.md. They count what MySQL is asked.

declare(strict_types=1);

//BLOCK config.php

const DB_PREFIX = 'oc_';

final class StandInConfig
{
    public array $values = ['config_store_id' => 0, 'config_language_id' => '1', 'config_customer_group_id' => '1'];

    public function get(string $name): mixed
    {
        return $this->values[$name] ?? null;
    }
}

final class StandInDB
{
    public int $queries = 0;
    private mysqli $link;

    public function __construct()
    {
        $this->link = new mysqli(null, 'root', '', getenv('SHOP_DATABASE'), 0, getenv('SHOP_SOCKET'));
        $this->link->query("SET sql_mode = ''");
    }

    public function query(string $sql): object
    {
        $this->queries++;
        $rows = $this->link->query($sql)->fetch_all(MYSQLI_ASSOC);
        return (object) ['rows' => $rows, 'row' => $rows[0] ?? [], 'num_rows' => count($rows)];
    }
}

final class StandInRegistry
{
    public function __construct(private array $values)
    {
    }

    public function get(string $name): mixed
    {
        return $this->values[$name] ?? null;
    }
}

class Model
{
    public function __construct(protected StandInRegistry $registry)
    {
    }

    public function __get($name)
    {
        return $this->registry->get($name);
    }
}

class ModelCatalogProduct extends Model
{
//BLOCK catalog/model/catalog/product.php

    public function getProductFromMySQL($id)
    {
        $offer = static fn (string $table): string => "(SELECT price FROM oc_product_$table x WHERE x.product_id = p.product_id
            AND customer_group_id = 1 " . ($table === 'discount' ? 'AND x.quantity = 1' : '') . "
            AND date_start < NOW() AND (date_end = '0000-00-00' OR date_end > NOW()) ORDER BY priority, price LIMIT 1)";
        $p = $this->db->query("SELECT p.*, pd.*, m.name AS manufacturer, p.price AS list_price, {$offer('discount')} AS discount, {$offer('special')} AS special,
            (SELECT name FROM oc_stock_status s WHERE s.stock_status_id = p.stock_status_id AND s.language_id = 1) AS stock_status,
            (SELECT points FROM oc_product_reward r WHERE r.product_id = p.product_id AND r.customer_group_id = 1) AS reward,
            (SELECT AVG(rating) FROM oc_review r WHERE r.product_id = p.product_id AND r.status = 1) AS rating,
            (SELECT COUNT(*) FROM oc_review r WHERE r.product_id = p.product_id AND r.status = 1) AS reviews
            FROM oc_product p JOIN oc_product_description pd ON pd.product_id = p.product_id AND pd.language_id = 1
            LEFT JOIN oc_manufacturer m ON m.manufacturer_id = p.manufacturer_id
            WHERE p.product_id = " . (int) $id . ' AND p.status = 1')->row;
        return $p === [] ? false : ['price' => $p['discount'] ?? $p['list_price'], 'rating' => round((float) $p['rating'])] + $p;
    }

    public function getProductImagesFromMySQL($id)
    {
        return $this->db->query("SELECT * FROM oc_product_image WHERE product_id = $id ORDER BY sort_order, product_image_id")->rows;
    }

    public function getProductDiscountsFromMySQL($id)
    {
        return $this->db->query("SELECT * FROM oc_product_discount WHERE product_id = $id AND customer_group_id = 1 AND quantity > 1
            AND date_start < NOW() AND (date_end = '0000-00-00' OR date_end > NOW()) ORDER BY quantity, priority, price")->rows;
    }

    public function getProductOptionsFromMySQL($id)
    {
        $options = $this->db->query("SELECT po.*, od.name, o.type FROM oc_product_option po JOIN oc_option o ON o.option_id = po.option_id
            JOIN oc_option_description od ON od.option_id = po.option_id AND od.language_id = 1
            WHERE po.product_id = $id ORDER BY o.sort_order, po.product_option_id")->rows;
        return array_map(fn (array $o): array => $o + ['product_option_value' => $this->db->query("SELECT pov.*, ovd.name, ov.image
            FROM oc_product_option_value pov JOIN oc_option_value ov ON ov.option_value_id = pov.option_value_id
            JOIN oc_option_value_description ovd ON ovd.option_value_id = pov.option_value_id AND ovd.language_id = 1
            WHERE pov.product_option_id = $o[product_option_id] ORDER BY ov.sort_order, pov.product_option_value_id")->rows], $options);
    }

    public function getProductAttributesFromMySQL($id)
    {
        $groups = $this->db->query("SELECT DISTINCT a.attribute_group_id, gd.name FROM oc_product_attribute pa JOIN oc_attribute a ON a.attribute_id = pa.attribute_id
            JOIN oc_attribute_group_description gd ON gd.attribute_group_id = a.attribute_group_id AND gd.language_id = 1
            WHERE pa.product_id = $id AND pa.language_id = 1 ORDER BY gd.name")->rows;
        return array_map(fn (array $g): array => $g + ['attribute' => $this->db->query("SELECT pa.attribute_id, ad.name, pa.text
            FROM oc_product_attribute pa JOIN oc_attribute a ON a.attribute_id = pa.attribute_id AND a.attribute_group_id = $g[attribute_group_id]
            JOIN oc_attribute_description ad ON ad.attribute_id = pa.attribute_id AND ad.language_id = 1
            WHERE pa.product_id = $id AND pa.language_id = 1 ORDER BY a.sort_order, ad.name")->rows], $groups);
    }

    public function getProducts($data = [])
    {
        $query = $this->db->query('SELECT product_id FROM oc_product_to_category WHERE category_id = ' . (int) $data['filter_category_id']);
        $product_data = [];
//BLOCK catalog/model/catalog/product.php, getProducts
        foreach ($query->rows as $result) {
            $product_data[$result['product_id']] = $this->getProduct($result['product_id']);
        }
        return $product_data;
    }

    public function getProductRelated($product_id)
    {
        $query = $this->db->query('SELECT * FROM oc_product_related WHERE product_id = ' . (int) $product_id);
        $product_data = [];
//BLOCK catalog/model/catalog/product.php, getProductRelated
        foreach ($query->rows as $result) {
            $product_data[$result['related_id']] = $this->getProduct($result['related_id']);
        }
        return $product_data;
    }
}

// What OpenCart's product controller takes from these arrays.
const READ = [
    'getProduct' => ['product_id', 'name', 'description', 'meta_title', 'meta_description', 'meta_keyword', 'tag', 'model', 'sku', 'upc', 'ean', 'jan', 'isbn', 'mpn',
        'location', 'quantity', 'stock_status', 'image', 'manufacturer_id', 'manufacturer', 'price', 'special', 'reward', 'points', 'tax_class_id', 'date_available',
        'weight', 'weight_class_id', 'length', 'width', 'height', 'length_class_id', 'subtract', 'rating', 'reviews', 'minimum', 'sort_order', 'status', 'date_added', 'date_modified'],
    'getProductImages' => ['image'],
    'getProductDiscounts' => ['quantity', 'price'],
    'getProductOptions' => ['product_option_id', 'option_id', 'name', 'type', 'value', 'required', 'product_option_value'],
    'getProductAttributes' => ['name', 'attribute'],
];
const READ_INSIDE = [
    'product_option_value' => ['product_option_value_id', 'option_value_id', 'name', 'image', 'quantity', 'subtract', 'price', 'price_prefix', 'weight', 'weight_prefix'],
    'attribute' => ['name', 'text'],
];

function read(mixed $of, array $names): array
{
    $read = [];
    foreach ($names as $name) {
        $value = $of[$name];
        $read[$name] = match (true) {
            isset(READ_INSIDE[$name]) => array_map(static fn (array $row): array => read($row, READ_INSIDE[$name]), $value),
            is_bool($value) => (string) (int) $value,
            is_string($value) && preg_match('/^\d{4}-\d\d-\d\dT[\d:]+Z$/', $value) === 1 => strtr($value, ['T' => ' ', 'Z' => '']),
            default => $value === null ? null : (string) $value,
        };
    }
    return $read;
}

/** Everything that the pages of some products and a category read. */
function pages(ModelCatalogProduct $model, string $suffix): array
{
    $all = [];
    foreach (['42', '30', '47', '40'] as $id) {
        foreach (READ as $method => $names) {
            $answer = $model->{$method . $suffix}($id);
            $all[$id][$method] = $method === 'getProduct' ? read($answer, $names) : array_map(static fn (array $row): array => read($row, $names), $answer);
        }
    }
    return $all;
}

/** How many calls the service has answered. */
function calls(): int
{
    return $GLOBALS['served'] ?? 0;
}

$config = new StandInConfig();
$db = new StandInDB();
$make = static fn (): ModelCatalogProduct => new ModelCatalogProduct(new StandInRegistry(['config' => $config, 'db' => $db]));

$want = pages($make(), 'FromMySQL');
$direct = $db->queries;
$db->queries = 0;
$got = pages($make(), '');
if ($got != $want) {
    foreach ($want as $id => $methods) {
        foreach ($methods as $method => $value) {
            if ($got[$id][$method] != $value) {
                echo "$method($id):\ngot  ", json_encode($got[$id][$method]), "\nwant ", json_encode($value), "\n";
            }
        }
    }
    exit(1);
}
echo getenv('SHOP_IS_SERVED') ? 'served' : 'direct', ": $db->queries of $direct queries\n";
echo var_export($make()->getProduct(4711), true), "\n";

$db->queries = 0;
$model = $make();
$before = calls();
$listed = $model->getProducts(['filter_category_id' => 20]);
echo count($listed), " products of the category, $db->queries queries, ", calls() - $before, " calls\n";

$db->queries = 0;
$model = $make();
$before = calls();
echo count($model->getProductRelated('42')), " related, $db->queries queries, ", calls() - $before, " calls\n";

$db->queries = 0;
$config->values['config_language_id'] = '2';
$make()->getProductImages('42');
echo "another language: $db->queries query\n";
