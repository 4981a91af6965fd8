<?php

declare(strict_types=1);

namespace Fenrun;

/** An amount, a currency, a rate or weights. */
class MoneyError extends Error
{
}

/** A document, an argument or a column with a key, a type, a value, a word, a length or an id it must not have. */
class DocumentError extends Error
{
}

/** A plan that cannot be read, whatever is wrong in it, or that pays what no plan may pay. */
class PlanError extends DocumentError
{
}

/** A sale, a frozen sale, a refund or an order of a batch that contradicts itself or its plan. */
class SaleError extends Error
{
}

/** A member or an inviter: unknown, twice there, or their own upline. */
class ForestError extends Error
{
}

/** A command, a cart or a quote that an order refuses. */
class OrderError extends Error
{
}

/** A journal the ledger refuses. */
class LedgerError extends Error
{
}

/** A database. */
class StoreError extends Error
{
}

/** The library itself and the calls into it. */
class LibraryError extends Error
{
}

/** A file or a table, its columns and rows. */
class TableError extends Error
{
}

/** A person: their application, address, details, tags or visits. */
class PersonError extends Error
{
}
